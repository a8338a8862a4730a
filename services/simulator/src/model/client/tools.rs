//! Whether a model can have tools. The first question for an action finds out, and others wait
//! for it: what an endpoint refuses is refused once, and what it ignores is asked for in a text.

use std::sync::OnceLock;

use tokio::sync::Mutex;
use tokio::time::timeout_at;

use super::body::Wanted;
use super::question::{Lost, Question};
use crate::model::answer::Acts;

/// What is known of the tools of a model.
pub(super) struct Tools {
    known: OnceLock<bool>,
    /// Held by the question that finds out.
    finding: Mutex<()>,
}

impl Tools {
    /// With what the operator says.
    pub(super) fn new(has: Option<bool>) -> Tools {
        Tools { known: has.map(OnceLock::from).unwrap_or_default(), finding: Mutex::new(()) }
    }
}

/// Asks for actions in the way that the model can be asked.
pub(super) async fn acts(question: &mut Question<'_>) -> Result<Acts, Lost> {
    let line = question.line.clone();
    let Some(tools) = line.tools.get(question.model) else {
        return question.acts(Wanted::InText, false).await;
    };
    if let Some(has) = tools.known.get() {
        return ask(question, *has).await;
    }
    let Ok(finding) = timeout_at(question.ends(), tools.finding.lock()).await else {
        return Err(question.late());
    };
    if let Some(has) = tools.known.get() {
        drop(finding);
        return ask(question, *has).await;
    }
    let (acts, has) = find_out(question).await?;
    if let Some(has) = has
        && tools.known.set(has).is_ok()
    {
        let (endpoint, model) = (&line.name, question.model);
        tracing::info!(
            endpoint,
            model,
            tools = has,
            "a language model was asked for the first time"
        );
    }
    Ok(acts)
}

async fn ask(question: &mut Question<'_>, has_tools: bool) -> Result<Acts, Lost> {
    let wanted = if has_tools { Wanted::ByTools } else { Wanted::InText };
    question.acts(wanted, false).await
}

/// Asks with tools, then without if that gave nothing; and what was learnt from it, if anything.
async fn find_out(question: &mut Question<'_>) -> Result<(Acts, Option<bool>), Lost> {
    match question.acts(Wanted::ByTools, true).await {
        Ok(acts) if !acts.in_words => Ok((acts, Some(true))),
        // The tools may have been ignored, or the model is one that talks.
        Ok(first) => match question.acts(Wanted::InText, false).await {
            Ok(acts) if !acts.in_words => Ok((acts, Some(false))),
            Ok(_) => Ok((first, Some(true))),
            Err(_) => Ok((first, None)),
        },
        Err(lost) if lost.of_tools => {
            question.acts(Wanted::InText, false).await.map(|acts| (acts, Some(false)))
        }
        Err(lost) => Err(lost),
    }
}
