//! A rule as a person writes it: `[PLATFORM][:TYPE|:AGENT,AGENT]=ENDPOINT[/MODEL]`, or the endpoint
//! alone for all agents, e.g. `main`, `reddit=boost`, `:Student=small`, `:3,4=main/large-1`.

use std::fmt;
use std::str::FromStr;

use super::{LlmRule, is_model};
use crate::id::{NAME_RULE, is_name};

const EXAMPLES: &str = "expected an endpoint, or agents=endpoint, e.g. main, reddit=boost, \
                        :Student=small, :3,4=builtin, twitter:Journalist=main/large-1";

impl FromStr for LlmRule {
    type Err = String;
    /// The error's text is what is wrong, and what was expected.
    fn from_str(text: &str) -> Result<LlmRule, String> {
        let (agents, target) = match text.split_once('=') {
            // Behind an endpoint and a stroke stands a model, in which anything may occur.
            Some((before, _)) if before.split_once('/').is_some_and(|(name, _)| is_name(name)) => {
                (None, text)
            }
            Some((agents, target)) => (Some(agents), target),
            None => (None, text),
        };
        let (endpoint, model) = match target.split_once('/') {
            Some((endpoint, model)) => (endpoint, Some(model)),
            None => (target, None),
        };
        if !is_name(endpoint) {
            let what = format!("{endpoint:?} is no endpoint's name, which is {NAME_RULE}");
            return Err(format!("{what}; {EXAMPLES}"));
        }
        if let Some(model) = model.filter(|model| !is_model(model)) {
            return Err(format!("{model:?} is no model's name; {EXAMPLES}"));
        }
        let mut rule = LlmRule {
            endpoint: endpoint.to_owned(),
            model: model.map(str::to_owned),
            platform: None,
            entity_types: Vec::new(),
            agents: Vec::new(),
        };
        if let Some(agents) = agents {
            rule.narrow(agents).map_err(|what| format!("{what}; {EXAMPLES}"))?;
        }
        Ok(rule)
    }
}

impl LlmRule {
    /// Narrows it to `[PLATFORM][:TYPE|:AGENT,AGENT]`.
    fn narrow(&mut self, text: &str) -> Result<(), String> {
        let (platform, who) = match text.split_once(':') {
            Some((platform, who)) => (platform, Some(who)),
            None => (text, None),
        };
        if platform.is_empty() && who.is_none() {
            return Err("nothing stands before \"=\"".to_owned());
        }
        if !platform.is_empty() {
            let unknown = |_: String| format!("{platform:?} is not twitter or reddit");
            self.platform = Some(platform.parse().map_err(unknown)?);
        }
        let Some(who) = who else { return Ok(()) };
        let is_number = |it: &str| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
        if who.split(',').any(is_number) {
            for word in who.split(',') {
                let id = Some(word).filter(|word| is_number(word)).and_then(|it| it.parse().ok());
                self.agents.push(id.ok_or_else(|| format!("{word:?} is no agent's number"))?);
            }
        } else if who.trim().is_empty() {
            return Err("no type and no agents stand behind \":\"".to_owned());
        } else {
            self.entity_types.push(who.to_owned());
        }
        Ok(())
    }
}

/// As it is written where it has one type at most, which is all that can be written so.
impl fmt::Display for LlmRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.agents.iter().map(u32::to_string);
        let who = ids.chain(self.entity_types.iter().cloned()).collect::<Vec<_>>().join(",");
        if let Some(platform) = self.platform {
            write!(f, "{platform}")?;
        }
        if !who.is_empty() {
            write!(f, ":{who}")?;
        }
        if self.platform.is_some() || !who.is_empty() {
            f.write_str("=")?;
        }
        f.write_str(&self.endpoint)?;
        match &self.model {
            Some(model) => write!(f, "/{model}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::Platform;

    #[test]
    fn a_rule_is_a_word_and_comes_back_as_it() {
        let (twitter, reddit) = (Some(Platform::Twitter), Some(Platform::Reddit));
        let rule = |endpoint: &str, model: Option<&str>, platform, kind: &str, agents: &[u32]| {
            let entity_types = Some(kind.to_owned()).filter(|kind| !kind.is_empty());
            LlmRule {
                endpoint: endpoint.to_owned(),
                model: model.map(str::to_owned),
                platform,
                entity_types: entity_types.into_iter().collect(),
                agents: agents.to_vec(),
            }
        };
        let table = [
            ("main", rule("main", None, None, "", &[])),
            ("main/large-1", rule("main", Some("large-1"), None, "", &[])),
            ("main/a/b:free=1", rule("main", Some("a/b:free=1"), None, "", &[])),
            ("reddit=boost", rule("boost", None, reddit, "", &[])),
            (":Student=small", rule("small", None, None, "Student", &[])),
            (":3,4=builtin", rule("builtin", None, None, "", &[3, 4])),
            ("twitter:7=main/x=y", rule("main", Some("x=y"), twitter, "", &[7])),
            (
                "twitter:Media Outlet=main/large-1",
                rule("main", Some("large-1"), twitter, "Media Outlet", &[]),
            ),
            (":A/B, C=main", rule("main", None, None, "A/B, C", &[])),
        ];
        for (word, expected) in table {
            assert_eq!(word.parse(), Ok(expected.clone()), "{word}");
            assert_eq!(expected.to_string(), word);
        }
    }

    #[test]
    fn what_is_no_rule_is_refused_in_words_and_with_examples() {
        for (word, why) in [
            ("", "\"\" is no endpoint's name, which is 1 to 32 of"),
            ("=main", "nothing stands before \"=\""),
            ("reddit=", "\"\" is no endpoint's name"),
            ("reddit:=main", "no type and no agents stand behind \":\""),
            ("myspace=main", "\"myspace\" is not twitter or reddit"),
            ("Student=small", "\"Student\" is not twitter or reddit"),
            (":3,ada=main", "\"ada\" is no agent's number"),
            (":3,=main", "\"\" is no agent's number"),
            (":3,-4=main", "\"-4\" is no agent's number"),
            (":4294967296=main", "\"4294967296\" is no agent's number"),
            ("main/", "\"\" is no model's name"),
            ("https://models.example/v1", "\"https:\" is no endpoint's name"),
        ] {
            let error = word.parse::<LlmRule>().unwrap_err();
            assert!(error.starts_with(why), "{word}: {error}");
            assert!(error.ends_with("twitter:Journalist=main/large-1"), "{word}: {error}");
        }
    }
}
