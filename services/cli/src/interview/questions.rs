//! Questions to several agents, as they are typed or stand in a file.

use contract::command::{MAX_PROMPT_BYTES, Question};
use contract::door::{Door, Object, describe, parse_body};
use contract::problem::{Problem, Problems};
use contract::spec::Spec;
use contract::subject::Platform;

use super::find::{find_agent, find_asked};

/// Bytes of a line that are read, at most: a prompt may be written with six bytes for each of its.
const MAX_LINE: usize = 8 * MAX_PROMPT_BYTES;

/// The same question to each of these agents.
///
/// # Errors
/// All the names that mean nobody, or several.
pub(super) fn of_names(
    names: &[String],
    prompt: &str,
    spec: &Spec,
) -> Result<Vec<Question>, String> {
    let (mut questions, mut wrong) = (Vec::new(), Vec::new());
    for name in names {
        match find_asked(spec, name) {
            Ok(agent_id) => {
                questions.push(Question { agent_id, prompt: prompt.to_owned(), platform: None });
            }
            Err(why) => wrong.push(why),
        }
    }
    if wrong.is_empty() { Ok(questions) } else { Err(wrong.join("\n")) }
}

/// The questions of a file, one JSON object per line; `prompt` is asked where a line has none.
///
/// # Errors
/// All that is wrong with them, each with its line.
pub(super) fn of_file(
    document: &str,
    text: &str,
    prompt: &Option<String>,
    spec: &Spec,
) -> Result<Vec<Question>, Problems> {
    let (mut questions, mut problems) = (Vec::new(), Vec::new());
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    for (number, line) in lines {
        let place = format!("{document}:{number}");
        let read = parse_body(line.as_bytes(), MAX_LINE).map_err(|wrong| {
            let named = wrong.as_slice().iter().map(|problem| Problem {
                place: format!("{place} {}", problem.place),
                ..problem.clone()
            });
            named.collect::<Vec<_>>()
        });
        let read = read.and_then(|value| {
            let door = Door::new(place);
            let question = door.root(&value).and_then(|line| read_line(&line, prompt, spec));
            door.close(question).map_err(|wrong| wrong.as_slice().to_vec())
        });
        match read {
            Ok(question) => questions.push(question),
            Err(more) => problems.extend(more),
        }
    }
    if questions.is_empty() && problems.is_empty() {
        problems.push(Problem::new(document, "no line", "one question per line"));
    }
    Problems::none_or(problems, Some(questions))
}

fn read_line(line: &Object<'_>, prompt: &Option<String>, spec: &Spec) -> Option<Question> {
    line.refuse_unknown(&["agent", "agent_id", "prompt", "platform"]);
    let agent_id = match (line.get("agent"), line.get("agent_id")) {
        (Some(_), Some(_)) => {
            line.report("agent_id", "both", "either agent or agent_id");
            None
        }
        (Some(agent), None) => {
            let named =
                agent.as_str().map(str::to_owned).or_else(|| agent.as_u64().map(|n| n.to_string()));
            match named.map(|named| find_agent(spec, &named)) {
                Some(Ok(agent_id)) => Some(agent_id),
                Some(Err(why)) => {
                    line.report("agent", describe(agent), &why);
                    None
                }
                None => {
                    line.report("agent", describe(agent), "a number or a name");
                    None
                }
            }
        }
        (None, _) => {
            line.require("agent_id", "the number of an agent, or agent with a name");
            line.u32("agent_id", 0..=u32::MAX)
        }
    };
    let prompt = match (line.get("prompt"), prompt) {
        (None, Some(prompt)) => Some(prompt.clone()),
        _ => {
            line.require("prompt", "a question");
            line.parsed("prompt", super::parse_prompt)
        }
    };
    let platform: Option<Platform> = line.parsed("platform", |text| {
        text.parse().map_err(|_: String| "twitter or reddit".to_owned())
    });
    Some(Question { agent_id: agent_id?, prompt: prompt?, platform })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn sample_spec() -> Spec {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/lantern-pier");
        intake::read_folder(&folder, &intake::Limits::default()).unwrap().spec
    }

    fn read(text: &str, prompt: Option<&str>) -> Result<Vec<Question>, String> {
        let prompt = prompt.map(str::to_owned);
        of_file("q.jsonl", text, &prompt, &sample_spec()).map_err(|problems| problems.to_string())
    }

    #[test]
    fn each_line_is_a_question() {
        let text =
            "{\"agent\": 3, \"prompt\": \"Why?\", \"platform\": \"reddit\"}\n\n{\"agent_id\": 4}\n";
        let questions = read(text, Some("Who?")).unwrap();
        let expected = [(3, "Why?", Some(Platform::Reddit)), (4, "Who?", None)];
        let expected = expected.map(|(agent_id, prompt, platform)| Question {
            agent_id,
            prompt: prompt.to_owned(),
            platform,
        });
        assert_eq!(questions, expected);
    }

    #[test]
    fn every_problem_has_its_line() {
        let text = "{\"agent\": \"Zzzzzzz\", \"prompt\": \"\"}\n7\nnonsense\n{\"agent_id\": 1, \"agent\": 1}";
        let wrong = read(text, None).unwrap_err();
        for place in [
            "q.jsonl:1 /agent: found",
            "q.jsonl:1 /prompt: found",
            "q.jsonl:2: found 7",
            "q.jsonl:3",
            "q.jsonl:4 /agent_id: found both",
            "q.jsonl:4 /prompt: found nothing",
        ] {
            assert!(wrong.contains(place), "{place} is not in\n{wrong}");
        }
        assert!(read("\n", None).unwrap_err().contains("one question per line"));
    }

    #[test]
    fn names_that_mean_nobody_are_all_told_and_numbers_are_asked() {
        let names = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let spec = sample_spec();
        let ids = of_names(&names(&["3", "777777", "3"]), "Why?", &spec).unwrap();
        assert_eq!(
            ids.iter().map(|question| question.agent_id).collect::<Vec<_>>(),
            [3, 777_777, 3]
        );
        let wrong = of_names(&names(&["Zzzzzzz", "3", "Yyyyyyy"]), "Why?", &spec).unwrap_err();
        assert!(wrong.contains("Zzzzzzz") && wrong.contains("Yyyyyyy"), "{wrong}");
    }
}
