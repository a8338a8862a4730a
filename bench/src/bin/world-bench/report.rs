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
    println!("{name:<44} {case:<34} {value:>12.digits$} {unit}");
}

/// Names, cases and units are ours and need no escaping.
pub(crate) fn print_json(figure: &Figure) {
    let Figure { name, case, value, unit } = figure;
    println!(r#"{{"name":"{name}","case":"{case}","value":{value:.3},"unit":"{unit}"}}"#);
}
