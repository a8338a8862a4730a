//! How full the streams are.

use bus::{StreamFacts, StreamState, StreamUse};
use kit::metrics::Page;

/// Writes what the bus said, if it said it of all of them: of some alone a sum would be wrong.
pub(super) fn write(page: &mut Page, streams: &[StreamFacts]) {
    let used = |facts: &StreamFacts| match facts.state {
        StreamState::There { used, .. } => Some((facts.name.clone(), used)),
        StreamState::Missing | StreamState::Denied(_) | StreamState::Unanswered(_) => None,
    };
    let all: Option<Vec<(String, StreamUse)>> = streams.iter().map(used).collect();
    let about = "1 while the bus says how full all streams are.";
    page.single("shoal_streams_known", about, u8::from(all.is_some()));
    let Some(all) = all else { return };
    let name = "shoal_stream_messages";
    page.family(name, "gauge", "Messages in a stream.");
    for (stream, used) in &all {
        page.line(name, &[("stream", stream)], used.messages);
    }
    let name = "shoal_stream_bytes";
    page.family(name, "gauge", "Bytes that they take.");
    for (stream, used) in &all {
        page.line(name, &[("stream", stream)], used.bytes);
    }
    let name = "shoal_stream_max_bytes";
    page.family(name, "gauge", "Bytes beyond which a stream takes nothing.");
    for (stream, used) in all.iter().filter(|(_, used)| !used.drops_oldest) {
        if let Some(most) = used.max_bytes {
            page.line(name, &[("stream", stream)], most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::subject::StreamName;

    fn there(stream: StreamName, name: &str, used: StreamUse) -> StreamFacts {
        let state = StreamState::There { differences: Vec::new(), used };
        StreamFacts { stream, name: name.to_owned(), state }
    }

    #[test]
    fn a_stream_that_drops_its_oldest_is_never_full() {
        let used =
            StreamUse { messages: 3, bytes: 500, max_bytes: Some(900), ..StreamUse::default() };
        let drops = StreamUse { drops_oldest: true, ..used };
        let mut streams = vec![
            there(StreamName::Inputs, "SIM_INPUTS", used),
            there(StreamName::Logs, "SIM_LOGS", drops),
            there(StreamName::Specs, "SIM_SPECS", StreamUse { max_bytes: None, ..used }),
        ];
        let mut page = Page::default();
        write(&mut page, &streams);
        let text = page.into_text();
        let lines = |name: &str| -> Vec<&str> {
            text.lines().filter_map(|line| line.strip_prefix(name)).collect()
        };
        assert_eq!(lines("shoal_streams_known "), ["1"]);
        assert_eq!(lines("shoal_stream_max_bytes{"), ["stream=\"SIM_INPUTS\"} 900"]);
        assert_eq!(lines("shoal_stream_bytes{").len(), 3);
        assert_eq!(lines("shoal_stream_messages{stream=\"SIM_LOGS\"} "), ["3"]);
        streams[1].state = StreamState::Unanswered("away".to_owned());
        let mut page = Page::default();
        write(&mut page, &streams);
        assert_eq!(page.into_text().lines().next_back(), Some("shoal_streams_known 0"));
    }
}
