use super::*;
use contract::notice::PriceInfo;
use contract::options::RequestedOptions;
use contract::version::V1;

/// Agents who would always act, ten of them an hour, for 24 rounds of an hour.
fn spec() -> Spec {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/lantern-pier");
    let mut spec = intake::read_folder(&folder, &intake::Limits::default()).unwrap().spec;
    for agent in &mut spec.agents {
        agent.activity_ppm = 1_000_000;
        agent.active_hours = (0..24).collect::<Vec<u8>>().try_into().unwrap();
    }
    let none = || Vec::new().try_into().unwrap();
    let time = &mut spec.time;
    (time.peak_hours, time.off_peak_hours) = (none(), none());
    (time.morning_hours, time.work_hours) = (none(), none());
    (time.agents_per_hour_min, time.agents_per_hour_max) = (10, 10);
    (time.minutes_per_round, time.total_hours) = (60, 24);
    spec
}

fn node(endpoints: &[(&str, Option<(&str, &str)>)]) -> NodeInfo {
    let text = |text: &str| Some(text.to_owned());
    let endpoint = |(name, price): &(&str, Option<(&str, &str)>)| EndpointInfo {
        name: (*name).to_owned(),
        models: vec!["small-1".to_owned()],
        price: price.map(|(prompt, completion)| PriceInfo {
            prompt: text(prompt),
            cached: None,
            completion: text(completion),
        }),
    };
    let endpoints = endpoints.iter().map(endpoint).collect();
    NodeInfo { v: V1, node: "a".to_owned(), slots: 1, runs: vec![], rules: 1, endpoints }
}

fn expectation(llm: LlmOptions, nodes: &[NodeInfo], args: &EstimateArgs) -> Expectation {
    let spec = spec();
    let requested = RequestedOptions { llm: Some(llm), ..RequestedOptions::default() };
    Expectation::of(&spec, &requested.resolve(&spec).unwrap(), nodes, Assumed::of(args))
}

fn llm(rules: &[&str]) -> LlmOptions {
    let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
    LlmOptions { rules, ..for_all(&[]) }
}

#[test]
fn an_estimate_says_what_it_assumes() {
    let nodes = [node(&[("main", Some(("0.15", "0.60"))), ("boost", None)])];
    let expectation =
        expectation(llm(&["main", "reddit=boost/tiny"]), &nodes, &EstimateArgs::default());
    let expected = "\
lantern-pier: an estimate of 24 rounds; nothing is started

           DECISIONS  A ROUND  PROMPT TOKENS  COMPLETION      COST  ENDPOINT
  twitter        240     10.0        360,000      14,400   0.06264  main
  reddit         240     10.0        360,000      14,400         ?  boost/tiny
  all            480     20.0        720,000      28,800   0.06264

  busiest   rounds from 23:00 on, some 20.0 decisions each
  time      some 48.0 s: 16 requests at once, each of 2.0 s
  assumed   1,500 tokens a question, 60 an answer, one request a decision, nothing kept from before
  no price  no simulator node says what boost takes";
    let text = expectation.render(true, Paint::PLAIN);
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(plain(&text), plain(expected), "{text}");
}

#[test]
fn worlds_that_share_an_endpoint_share_its_concurrency() {
    let args = |concurrency| EstimateArgs { concurrency, ..EstimateArgs::default() };
    let time =
        |rules: &[&str], concurrency| expectation(llm(rules), &[], &args(concurrency)).milliseconds;
    // 24 rounds of 20 decisions, or of 10 at each of two.
    assert_eq!(time(&["main"], None), 24 * 2 * 2000);
    assert_eq!(time(&["main"], Some(20)), 24 * 2000);
    assert_eq!(time(&["main", "reddit=boost"], Some(10)), 24 * 2000);
    assert_eq!(time(&["main"], Some(1)), 24 * 20 * 2000);
    // 1 of 32 agents: a third of a decision in a round.
    assert_eq!(time(&["twitter:0=main"], None), 24 * 10 * 2000 / 32);
}

#[test]
fn where_the_request_names_none_all_ask_the_one_that_there_is() {
    let endpoint = |nodes: &[NodeInfo]| for_all(nodes).rules[0].endpoint.clone();
    assert_eq!(endpoint(&[]), ANY);
    let (one, two) = (node(&[("main", None)]), node(&[("main", None), ("boost", None)]));
    assert_eq!(endpoint(&[one.clone(), one.clone()]), "main");
    assert_eq!(endpoint(&[one, two]), ANY);
    let text = expectation(for_all(&[]), &[], &EstimateArgs::default()).render(false, Paint::PLAIN);
    assert!(text.contains("as if all agents asked one endpoint: --llm says"), "{text}");
    let nobody = expectation(llm(&["builtin"]), &[], &EstimateArgs::default());
    assert!(nobody.render(true, Paint::PLAIN).ends_with("no agent would ask a language model"));
}

#[test]
fn of_several_prices_the_dearest_counts() {
    let nodes =
        [node(&[("main", Some(("0.15", "0.60")))]), node(&[("main", Some(("0.20", "0.60")))])];
    assert_eq!(price(&nodes, "main"), Some((200_000, 600_000)));
    let nodes =
        [node(&[("main", Some(("0.15", "0.90")))]), node(&[("main", Some(("0.20", "0.60")))])];
    assert_eq!(price(&nodes, "main"), Some((200_000, 900_000)), "of each part");
    assert_eq!(price(&nodes, "boost"), None);
    assert_eq!(price(&[node(&[("main", Some(("cheap", "0.60")))])], "main"), None);
}

#[test]
fn seconds_are_decimals() {
    assert_eq!(parse_seconds("1.5"), Ok(1_500_000));
    for wrong in ["", "-1", "1,5", "2s", "86401"] {
        assert!(parse_seconds(wrong).is_err(), "{wrong:?} passed");
    }
}
