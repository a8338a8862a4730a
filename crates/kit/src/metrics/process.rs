//! How this process does, in the names of Prometheus's own clients. What the system does not say
//! is left out: outside of Linux, all of it.

use std::fs;

use rustix::param::clock_ticks_per_second;

use super::page::Page;

/// Writes what the system says.
pub fn process(page: &mut Page) {
    let ticks = clock_ticks_per_second();
    if let Some(stat) = stat() {
        let about = "Time that the process had a processor, in seconds.";
        let name = "process_cpu_seconds_total";
        page.family(name, "counter", about);
        page.line(name, &[], seconds(stat.busy, ticks));
        if let Some(booted) = booted() {
            let about = "When the process began, in seconds since 1970.";
            let hundredths = booted * ticks + stat.began;
            page.single("process_start_time_seconds", about, seconds(hundredths, ticks));
        }
    }
    if let Some(resident) = resident() {
        page.single("process_resident_memory_bytes", "Memory that it has.", resident);
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        page.single("process_open_fds", "Files that it has open.", files.count());
    }
    if let Some(most) = most_files() {
        page.single("process_max_fds", "Files that it may have open.", most);
    }
}

/// A number of ticks as seconds, with two digits.
fn seconds(ticks: u64, per_second: u64) -> String {
    let hundredths = ticks * 100 / per_second.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Times in ticks: with a processor, and since the system was started.
struct Stat {
    busy: u64,
    began: u64,
}

/// `proc_pid_stat(5)`: fields 14 and 15, and 22. The second one is a name in brackets, which may
/// have anything in it.
fn stat() -> Option<Stat> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    let field = |number: usize| rest.split(' ').nth(number - 3)?.parse::<u64>().ok();
    Some(Stat { busy: field(14)? + field(15)?, began: field(22)? })
}

/// When the system was started, in seconds since 1970.
fn booted() -> Option<u64> {
    number_behind("/proc/stat", "btime ")
}

/// In bytes.
fn resident() -> Option<u64> {
    number_behind("/proc/self/status", "VmRSS:").map(|kibibytes| kibibytes * 1024)
}

fn most_files() -> Option<u64> {
    number_behind("/proc/self/limits", "Max open files ")
}

/// The first number in the line of a file that begins so.
fn number_behind(file: &str, begins: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(begins))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_is_said_and_makes_sense() {
        let mut page = Page::default();
        process(&mut page);
        let text = page.into_text();
        let value = |name: &str| {
            let lines = text.lines().find_map(|line| line.strip_prefix(name));
            let value = lines.unwrap_or_else(|| panic!("no {name} in\n{text}"));
            value.trim().parse::<f64>().unwrap()
        };
        let now = f64::from(u32::try_from(crate::now_milliseconds() / 1000).unwrap());
        let began = value("process_start_time_seconds ");
        assert!(began <= now + 1.0 && began > now - 3600.0, "{began}, and it is {now}");
        assert!(value("process_cpu_seconds_total ") < 3600.0);
        assert!(value("process_resident_memory_bytes ") > 1e6);
        let open = value("process_open_fds ");
        assert!(open >= 3.0 && open <= value("process_max_fds "));
    }

    #[test]
    fn ticks_are_seconds() {
        assert_eq!(seconds(12_345, 100), "123.45");
        assert_eq!(seconds(5, 1000), "0.00");
        assert_eq!(seconds(1005, 1000), "1.00");
    }
}
