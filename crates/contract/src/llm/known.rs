//! Whether there are the endpoints and models that rules name.

use std::collections::BTreeMap;

use super::{BUILTIN, LlmOptions};
use crate::notice::{EndpointInfo, NodeInfo};
use crate::problem::Problem;

impl LlmOptions {
    /// A problem for each endpoint, and each model of one, that none of these nodes has; `at` is
    /// where the options stand. Nodes that say of no endpoint count for nothing, and none at all
    /// is no reason to refuse anything: those that can ask may be on their way.
    pub fn unknown(&self, nodes: &[NodeInfo], at: &str) -> Vec<Problem> {
        let known = of_all(nodes);
        if known.is_empty() {
            return Vec::new();
        }
        let names = known.keys().copied().collect::<Vec<_>>().join(", ");
        let mut problems = Vec::new();
        for (index, rule) in self.rules.iter().enumerate().filter(|(_, it)| it.endpoint != BUILTIN)
        {
            let mut problem = |field: &str, found: &str, expected: &str| {
                let place = format!("{at}/rules/{index}/{field}");
                problems.push(Problem::new(place, format!("{found:?}"), expected));
            };
            let Some(models) = known.get(rule.endpoint.as_str()) else {
                let expected =
                    format!("one of {names} (the endpoints of the simulator nodes), or {BUILTIN}");
                problem("endpoint", &rule.endpoint, &expected);
                continue;
            };
            if let Some(model) = rule.model.as_deref().filter(|model| !models.contains(model)) {
                let expected =
                    format!("one of {} (the models of {})", models.join(", "), rule.endpoint);
                problem("model", model, &expected);
            }
        }
        problems
    }
}

/// The models of each endpoint that some node has.
fn of_all(nodes: &[NodeInfo]) -> BTreeMap<&str, Vec<&str>> {
    let mut known: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for EndpointInfo { name, models, .. } in nodes.iter().flat_map(|node| &node.endpoints) {
        let all = known.entry(name).or_default();
        for model in models {
            if !all.contains(&model.as_str()) {
                all.push(model);
            }
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::{DECISION_SECONDS, ROUND_SECONDS};
    use crate::version::V1;

    fn node(endpoints: &[(&str, &[&str])]) -> NodeInfo {
        let endpoint = |(name, models): &(&str, &[&str])| EndpointInfo {
            name: (*name).to_owned(),
            models: models.iter().map(|model| (*model).to_owned()).collect(),
            price: None,
        };
        let endpoints = endpoints.iter().map(endpoint).collect();
        NodeInfo { v: V1, node: "a".to_owned(), slots: 1, runs: vec![], rules: 1, endpoints }
    }

    #[test]
    fn names_that_no_node_has_are_refused_with_what_there_is() {
        let rules = ["main", "main/large-1", "boost/tiny", "ghost/x", "main/huge", "builtin"];
        let llm = LlmOptions {
            rules: rules.iter().map(|rule| rule.parse().unwrap()).collect(),
            decision_seconds: DECISION_SECONDS,
            round_seconds: ROUND_SECONDS,
        };
        let unknown = |nodes: &[NodeInfo]| -> Vec<String> {
            llm.unknown(nodes, "/options/llm").iter().map(ToString::to_string).collect()
        };
        let nodes = [
            node(&[("main", &["small-1"])]),
            node(&[("boost", &["tiny"]), ("main", &["small-1", "large-1"])]),
            node(&[]),
        ];
        assert_eq!(
            unknown(&nodes),
            [
                "/options/llm/rules/3/endpoint: found \"ghost\", expected one of boost, main (the \
                 endpoints of the simulator nodes), or builtin",
                "/options/llm/rules/4/model: found \"huge\", expected one of small-1, large-1 \
                 (the models of main)",
            ]
        );
        assert_eq!(unknown(&nodes[..1]).len(), 4);
        for silent in [&[][..], &[node(&[]), node(&[])]] {
            assert_eq!(unknown(silent), [""; 0]);
        }
    }
}
