//! Whatever `docs/fields.md` lists is asserted somewhere, or says that it only describes.

use std::collections::BTreeSet;
use std::path::Path;
use std::vec::Vec;
use std::{env, format, fs};

/// No test: the field changes nothing in a world.
const DESCRIPTIVE: &[&str] = &[];

/// Each field of the tables, and the tests that assert what it does: of this
/// crate, or of `intake` for what has happened by the time that a world is made.
const FIELDS: &[(&str, &[&str])] = &[
    ("total_simulation_hours", &["intake::notes::events_after_the_end_are_never_played"]),
    ("minutes_per_round", &["fields::clock::minutes_per_round"]),
    ("start_hour", &[START, "intake::valid::the_clock_starts_where_it_is_told"]),
    ("start_time", &[START, "intake::valid::the_clock_starts_where_it_is_told"]),
    ("agents_per_hour_min", &["fields::activity::agents_per_hour_min"]),
    ("agents_per_hour_max", &["fields::activity::agents_per_hour_max"]),
    ("peak_hours", HOURS),
    ("peak_activity_multiplier", HOURS),
    ("off_peak_hours", HOURS),
    ("off_peak_activity_multiplier", HOURS),
    ("morning_hours", HOURS),
    ("morning_activity_multiplier", HOURS),
    ("work_hours", HOURS),
    ("work_activity_multiplier", HOURS),
    ("agent_id", &["intake::valid::the_same_simulation_written_otherwise_is_the_same_spec"]),
    ("entity_name", &["fields::profiles::entity_name_username_and_bio_are_searched"]),
    ("entity_type", &["fields::builtin::entity_type_decides_between_i_and_we"]),
    ("activity_level", &["fields::activity::activity_level"]),
    ("active_hours", &["fields::activity::active_hours"]),
    ("posts_per_hour", &["fields::builtin::posts_per_hour_means_more_posts_of_that_agent"]),
    (
        "comments_per_hour",
        &["fields::builtin::comments_per_hour_means_more_comments_of_that_agent"],
    ),
    ("response_delay_min", &["fields::delay::response_delay_min", DELAY]),
    ("response_delay_max", &["fields::delay::response_delay_max", DELAY]),
    (
        "sentiment_bias",
        &["fields::builtin::sentiment_bias_means_more_likes_and_more_cheerful_openings"],
    ),
    (
        "stance",
        &[
            "fields::feed::stance",
            "fields::builtin::stance_means_likes_within_a_side_and_disagreement_across",
        ],
    ),
    (
        "influence_weight",
        &[
            "fields::feed::influence_weight",
            "fields::builtin::influence_weight_means_more_likes_and_followers",
        ],
    ),
    ("entity_uuid", DESCRIPTIVE),
    ("initial_posts", &["fields::posts::initial_posts"]),
    (
        "scheduled_events",
        &["fields::posts::scheduled_events", "intake::valid::events_have_their_rounds_in_order"],
    ),
    ("poster_type", DESCRIPTIVE),
    ("hot_topics", &["fields::builtin::hot_topics_are_what_posts_are_about_and_draw_reactions"]),
    ("narrative_direction", &["fields::builtin::narrative_direction_grows_over_the_run"]),
    ("recency_weight", &["fields::feed::recency_weight"]),
    ("popularity_weight", &["fields::feed::popularity_weight"]),
    ("relevance_weight", &["fields::likeness::relevance_weight"]),
    ("viral_threshold", &["fields::feed::viral_threshold"]),
    ("echo_chamber_strength", &["fields::feed::echo_chamber_strength"]),
    ("allow_self_rating", &["fields::posts::allow_self_rating"]),
    ("enabled", &["intake::problems::there_is_a_world"]),
    ("platform", DESCRIPTIVE),
    ("user_id", &["intake::valid::profiles_that_somebody_sorted_find_their_agents"]),
    ("username", &["fields::profiles::entity_name_username_and_bio_are_searched"]),
    ("name", &["intake::valid::texts_keep_their_lines_and_blank_ones_fall_back"]),
    ("realname", &["intake::oasis::its_reddit_profiles_are_read"]),
    ("bio", BIO),
    ("description", BIO),
    ("persona", &["fields::builtin::persona_is_what_an_interview_speaks_of"]),
    ("user_char", &["fields::builtin::persona_is_what_an_interview_speaks_of"]),
    (
        "interested_topics",
        &[
            "fields::likeness::interested_topics",
            "fields::builtin::interested_topics_are_written_about_and_searched_for",
        ],
    ),
    ("profession", &["fields::likeness::profession"]),
    ("following_agentid_list", &["fields::profiles::following_agentid_list"]),
    ("previous_tweets", &["fields::profiles::previous_tweets"]),
    ("age", DESCRIPTIVE),
    ("gender", DESCRIPTIVE),
    ("mbti", DESCRIPTIVE),
    ("country", DESCRIPTIVE),
    ("karma", DESCRIPTIVE),
    ("created_at", DESCRIPTIVE),
];

const START: &str = "fields::clock::start_hour_and_start_time";
const DELAY: &str = "fields::delay::a_post_comes_once_it_is_old_enough";
const HOURS: &[&str] = &[
    "fields::activity::hours_and_their_multipliers",
    "fields::activity::a_multiplier_leaves_other_hours_alone",
    "fields::activity::peak_wins_over_off_peak_over_morning_over_work",
];
const BIO: &[&str] =
    &["fields::likeness::bio", "fields::profiles::entity_name_username_and_bio_are_searched"];

/// The names in backticks in the first column of a line of a table, without `[]`.
fn fields_of(line: &str) -> impl Iterator<Item = &str> {
    let first = line.strip_prefix("| ").and_then(|line| line.split(" | ").next()).unwrap_or("");
    first.split('`').skip(1).step_by(2).map(|name| name.trim_end_matches("[]"))
}

#[test]
fn every_documented_field_has_its_tests_and_no_other_has() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/fields.md");
    let page = fs::read_to_string(page).expect("the specification of the fields");
    let documented: BTreeSet<&str> = page.lines().flat_map(fields_of).collect();
    let listed: BTreeSet<&str> = FIELDS.iter().map(|(field, _)| *field).collect();
    let untested: Vec<_> = documented.difference(&listed).collect();
    let unknown: Vec<_> = listed.difference(&documented).collect();
    assert!(untested.is_empty(), "no entry in FIELDS for {untested:?}");
    assert!(unknown.is_empty(), "docs/fields.md does not know {unknown:?}");
    assert_eq!(listed.len(), FIELDS.len(), "each field is listed once");
}

#[test]
fn every_test_that_a_field_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let missing = |test: &&str| {
        let [of, file, name] = test.split("::").collect::<Vec<_>>()[..] else { return true };
        let folder = if of == "fields" { "src/tests/fields" } else { "../intake/tests/intake" };
        let source = fs::read_to_string(root.join(folder).join(file).with_extension("rs"));
        !source.is_ok_and(|source| source.contains(&format!("#[test]\nfn {name}()")))
    };
    let tests: BTreeSet<&str> = FIELDS.iter().flat_map(|(_, tests)| *tests).copied().collect();
    let missing: Vec<&str> = tests.into_iter().filter(missing).collect();
    assert!(missing.is_empty(), "FIELDS names tests that are not there: {missing:?}");
}
