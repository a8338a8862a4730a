//! An action in words: one line, `<agent_name>: <description>`.

mod chinese;
mod english;

use contract::action::Action;

/// The language of an episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English, `en`.
    English,
    /// Chinese, `zh`, in the original's words.
    Chinese,
}

/// The line. Names and texts come from agents, so whatever would break the line (line ends,
/// control characters) becomes a single space; what is empty counts as absent. What agents say
/// stays in the language that they said it in.
pub fn line(action: &Action, language: Language) -> String {
    let name = clean(Some(&action.agent_name));
    let (nobody, did) = match language {
        Language::English => ("agent ", english::describe(&action.body)),
        Language::Chinese => ("智能体", chinese::describe(&action.body)),
    };
    let name = name.unwrap_or_else(|| format!("{nobody}{}", action.agent_id));
    format!("{name}: {did}")
}

/// What is known of a post or comment.
struct Known {
    content: Option<String>,
    author: Option<String>,
}

impl Known {
    fn of(content: &Option<String>, author: &Option<String>) -> Known {
        Known { content: clean(content.as_deref()), author: clean(author.as_deref()) }
    }
}

/// `text` on one line, `None` if nothing of it remains.
fn clean(text: Option<&str>) -> Option<String> {
    let breaks = |c: char| c.is_whitespace() || c.is_control();
    let words: Vec<&str> = text?.split(breaks).filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
