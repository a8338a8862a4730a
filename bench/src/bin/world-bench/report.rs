//! One figure a line, for people or for programs.

/// Something that was measured.
pub(crate) struct Figure {
    /// What was measured, for instance `decisions per second and core`.
    pub(crate) name: &'static str,
    /// Under which circumstances, for instance `twitter, 1000 agents`.
    pub(crate) case: String,
    /// How much.
    pub(crate) value: f64,
    /// Of what.
    pub(crate) unit: &'static str,
}

/// How a figure is printed.
pub(crate) type Print = fn(&Figure);

pub(crate) fn print_line(figure: &Figure) {
    let Figure { name, case, value, unit } = figure;
    let digits = if *value < 100.0 { 2 } else { 0 };
    println!("{name:<45} {case:<43} {value:>9.digits$} {unit}");
}

/// Names, cases and units are ours and need no escaping.
pub(crate) fn print_json(figure: &Figure) {
    let Figure { name, case, value, unit } = figure;
    println!(r#"{{"name":"{name}","case":"{case}","value":{value:.3},"unit":"{unit}"}}"#);
}

/// What OASIS does with the same mix: environment (bare platform methods, or its public API),
/// and actions per second.
const OASIS: [(&str, f64); 6] = [
    ("bare platform, reddit, 1000 agents", 1_204.0),
    ("bare platform, reddit, 10000 agents", 809.0),
    ("bare platform, twitter-random, 1000 agents", 1_293.0),
    ("bare platform, twitter-random, 10000 agents", 816.0),
    ("env.step, 100 to 1000 agents", 43.0),
    ("env.step, 10000 agents", 32.0),
];

/// OASIS's figures: camel-oasis 0.2.5 on one of two cores, SQLite in a file, models left out
/// (every agent a `ManualAction` of the same mix), mean of the second half of 6 to 20 rounds.
pub(crate) fn oasis(print: Print) {
    for (case, value) in OASIS {
        let name = "OASIS, as measured elsewhere, not in this run";
        print(&Figure { name, case: case.into(), value, unit: "actions/s" });
    }
}
