//! A command and the subject that it came on: the first line is the subject.

#![no_main]

use contract::command::Command;
use contract::subject::Prefix;
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::{refusal_makes_sense, survives};

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (subject, body) = (&bytes[..end], bytes.get(end + 1..).unwrap_or_default());
    refusal_makes_sense(&Command::from_json(body));
    let command = survives(body, Command::from_json);
    let prefix = Prefix::default();
    let Ok(subject) = str::from_utf8(subject) else { return };
    let Ok(address) = prefix.parse_command(subject) else { return };
    assert_eq!(prefix.command(&address), subject, "an address is one subject");
    let at_address = Command::parse(&address, body);
    refusal_makes_sense(&at_address);
    if let Ok(at_address) = at_address {
        assert_eq!(at_address.request.verb(), address.verb);
        assert_eq!(at_address.command_id, address.command_id);
        assert_eq!(Some(at_address), command);
    }
});
