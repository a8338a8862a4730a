//! Problems of what is in the files, each in full.
//!
//! The tables in `cases/` are read like this. A case ends with a blank line; it changes the
//! valid folder of `fixture.rs` by lines `config: PIECE -> OTHER` (or `twitter:`, `reddit:`),
//! in which `*` is the whole file, `⏎` a line feed, `␍` a carriage return, `␀` a NUL and `∅`
//! nothing. Then come the problems that are expected, indented by two; a line that is
//! indented deeper continues the one before it. No problem: the folder stays valid.

use intake::{CONFIG_FILE, Files, Limits, REDDIT_FILE, TWITTER_FILE, read_files};

use crate::fixture::{CONFIG, Change, REDDIT, TWITTER, changed, files};

#[test]
fn of_the_configuration() {
    check_table(include_str!("cases/config.txt"));
}

#[test]
fn of_the_profiles() {
    check_table(include_str!("cases/profiles.txt"));
}

fn check_table(table: &str) {
    let mut cases = 0;
    for case in table.split("\n\n") {
        let lines = || case.lines().filter(|line| !line.starts_with('#'));
        let texts: Vec<[String; 2]> =
            lines().filter(|line| !line.starts_with(' ')).map(pieces).collect();
        let changes: Vec<Change<'_>> = texts.iter().map(|[from, to]| change(from, to)).collect();
        if changes.is_empty() {
            continue;
        }
        let mut expected = String::new();
        for line in lines().filter(|line| line.starts_with(' ')) {
            match line.strip_prefix("      ") {
                Some(continued) => expected = format!("{expected} {continued}"),
                None => expected = format!("{expected}\n{}", line.trim_start()),
            }
        }
        assert_eq!(problems(&changed(&changes), &Limits::default()), expected.trim(), "{case}");
        cases += 1;
    }
    assert!(cases > 20, "only {cases} cases were found");
}

/// The two sides of a change: the first with the name of its file before it.
fn pieces(line: &str) -> [String; 2] {
    let (from, to) = line.split_once(" -> ").unwrap();
    let plain = [('⏎', "\n"), ('␍', "\r"), ('␀', "\0"), ('∅', "")];
    [from, to].map(|text| {
        plain.iter().fold(text.to_owned(), |text, (sign, plain)| text.replace(*sign, plain))
    })
}

fn change<'a>(from: &'a str, to: &'a str) -> Change<'a> {
    let (name, from) = from.split_once(": ").unwrap();
    let (file, whole) = match name {
        "config" => (CONFIG_FILE, CONFIG),
        "twitter" => (TWITTER_FILE, TWITTER),
        "reddit" => (REDDIT_FILE, REDDIT),
        other => panic!("no file {other}"),
    };
    Change(file, if from == "*" { whole } else { from }, to)
}

/// The full text of the problems, one per line; empty if there are none.
fn problems(files: &Files, limits: &Limits) -> String {
    read_files(files, limits).err().map(|problems| problems.to_string()).unwrap_or_default()
}

#[test]
fn there_is_a_world() {
    let expected = "expected twitter_profiles.csv, reddit_profiles.json or both, and at least one \
                    of the two enabled";
    let none = Files { config: CONFIG.into(), ..Files::default() };
    let found = problems(&none, &Limits::default());
    assert_eq!(found, format!("simulation folder: found no profiles, {expected}"));

    let off = changed(&[Change(CONFIG_FILE, "\"platform\": \"twitter\"", "\"enabled\": false")]);
    let found = problems(&Files { reddit_profiles: None, ..off }, &Limits::default());
    let disabled = "simulation folder: found only platforms that are disabled";
    assert_eq!(found, format!("{disabled}, {expected}"));
}

#[test]
fn limits_are_named() {
    let few = Limits { max_agents: 2, max_rounds: 47, ..Limits::default() };
    assert_eq!(
        problems(&files(), &few),
        "simulation_config.json /time_config/minutes_per_round: found 30 with 24 hours in all, \
         which makes 48 rounds, expected 1 to 47 rounds (limit max_rounds)\n\
         simulation_config.json /agent_configs: found a list of 3, expected 1 to 2 agents (limit \
         max_agents)\n\
         twitter_profiles.csv: found more than 2 profiles, expected at most 2 profiles (limit \
         max_agents)\n\
         reddit_profiles.json: found 3 profiles, expected at most 2 profiles (limit max_agents)"
    );
    let small = Limits { max_config_bytes: 100, max_profile_bytes: 200, ..Limits::default() };
    let [config, twitter, reddit] = [CONFIG.len(), TWITTER.len(), REDDIT.len()];
    assert_eq!(
        problems(&files(), &small),
        format!(
            "simulation_config.json: found {config} bytes, expected at most 100 bytes (limit \
             max_config_bytes)\n\
             twitter_profiles.csv: found {twitter} bytes, expected at most 200 bytes (limit \
             max_profile_bytes)\n\
             reddit_profiles.json: found {reddit} bytes, expected at most 200 bytes (limit \
             max_profile_bytes)"
        )
    );
    let short = Limits { max_text_bytes: 34, ..Limits::default() };
    let changes = [
        Change(CONFIG_FILE, "\"well\", \"spades\"", "\"村村村村村村村村村村村村\""),
        Change(TWITTER_FILE, "Prints.", "Prints. In spite of everything. News."),
        Change(REDDIT_FILE, "Owns two spades.", "Owns two spades, and neither is blunt."),
    ];
    assert_eq!(
        problems(&changed(&changes), &short),
        "simulation_config.json /event_config/hot_topics/0: found a text of 36 bytes, expected at \
         most 34 bytes (limit max_text_bytes)\n\
         twitter_profiles.csv line 4, description: found a text of 37 bytes, expected at most 34 \
         bytes (limit max_text_bytes)\n\
         reddit_profiles.json /1/persona: found a text of 38 bytes, expected at most 34 bytes \
         (limit max_text_bytes)"
    );
}

#[test]
fn profiles_are_utf_8() {
    let mut twitter = format!("\u{feff}{TWITTER}").into_bytes();
    let ben = twitter.windows(3).position(|word| word == b"Ben").unwrap();
    twitter[ben] = 0xff;
    let files = Files { twitter_profiles: Some(twitter), ..files() };
    assert_eq!(
        problems(&files, &Limits::default()),
        "twitter_profiles.csv line 3: found bytes that are no UTF-8, probably WINDOWS-1252, expected \
         UTF-8 (save it as UTF-8, or convert it: iconv -f WINDOWS-1252 -t UTF-8)"
    );
}

#[test]
fn many_are_counted() {
    let agents = vec!["{\"agent_id\": 0, \"entity_name\": \"A\"}"; 13].join(",");
    let config = format!("{{\"simulation_id\": \"a\", \"agent_configs\": [{agents}]}}");
    let files = Files { config: config.into(), ..Files::default() };
    let found = read_files(&files, &Limits::default()).unwrap_err();
    assert_eq!(
        found.as_slice()[12].to_string(),
        "simulation_config.json /agent_configs: found no agent 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 \
         more, expected the ids 0 to 12, each once"
    );

    let hours = "-1, ".repeat(1_500) + "0";
    let flood = changed(&[Change(CONFIG_FILE, "20, 19", &hours)]);
    let found = read_files(&flood, &Limits::default()).unwrap_err();
    assert_eq!(found.as_slice().len(), 1_001);
    assert_eq!(
        found.as_slice()[1_000].to_string(),
        "the rest: found 500 more problems, expected none (solve the first 1000 and look again)"
    );
}
