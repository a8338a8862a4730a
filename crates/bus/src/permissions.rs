//! The rights of all roles as a nats-server's configuration: two accounts, with a user for each
//! role.
//!
//! Guests have an account of their own, since the subject of an answer is never held against the
//! rights of who asks: within one account anybody who may ask the server anything can have its
//! answer stored as a command. What crosses from one account to the other is written out here,
//! and nothing else does. Guests read copies of the streams in their own account, so no consumer
//! of theirs is ever on a stream that a service writes to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use contract::subject::{Prefix, StreamName};

use crate::rights::Action;
use crate::roles::{Account, MIRRORED, Role};
use crate::topology::stream_name;

/// What requests of Shoal's own account to the JetStream of the guests begin with.
pub(crate) const GUESTS_API: &str = "$JS.GUESTS.API";
/// What requests of the guests' account to Shoal's JetStream begin with.
pub(crate) const SHOAL_API: &str = "$JS.SHOAL.API";
/// What the subjects begin with on which the guests' copies get what is new.
pub(crate) const DELIVERIES: &str = "_SHOAL.mirror";

/// The public keys of the users. Every role has one.
pub type PublicKeys = BTreeMap<Role, String>;

/// What stands for the public keys where they are not known yet: `$LAUNCHER_KEY` and so on.
pub fn named_keys() -> PublicKeys {
    let name = |role: Role| format!("${}_KEY", role.as_str().to_uppercase().replace('-', "_"));
    Role::ALL.map(|role| (role, name(role))).into()
}

/// The part of a server's configuration that says who may do what under `prefix`.
pub fn configuration(prefix: &Prefix, keys: &PublicKeys) -> String {
    let mut text = String::from(
        "# Who may do what, made by `shoal keys` from the public keys of the users, which are no\n\
         # secrets. To be included by the server's configuration; made anew with each version.\n\n\
         accounts {\n",
    );
    // To write to a text cannot fail.
    let _ = account(&mut text, prefix, keys, Account::Shoal);
    let _ = account(&mut text, prefix, keys, Account::Guests);
    text.push_str("}\n");
    text
}

fn account(text: &mut String, prefix: &Prefix, keys: &PublicKeys, of: Account) -> fmt::Result {
    writeln!(text, "  {} {{", name(of))?;
    writeln!(text, "    jetstream: enabled")?;
    writeln!(text, "    users: [")?;
    for (role, key) in keys.iter().filter(|(role, _)| role.account() == of) {
        user(text, prefix, *role, key)?;
    }
    writeln!(text, "    ]")?;
    let (exports, imports) = (crossing(prefix, of), crossing(prefix, other(of)));
    writeln!(text, "    exports: [")?;
    for Crossing { kind, subject, .. } in exports {
        writeln!(text, "      {{ {kind}: {subject:?}, accounts: [{}] }}", name(other(of)))?;
    }
    writeln!(text, "    ]\n    imports: [")?;
    for Crossing { kind, subject, as_seen } in imports {
        let from = format!("{{ account: {}, subject: {subject:?} }}", name(other(of)));
        match as_seen {
            Some(to) => writeln!(text, "      {{ {kind}: {from}, to: {to:?} }}")?,
            None => writeln!(text, "      {{ {kind}: {from} }}")?,
        }
    }
    writeln!(text, "    ]\n  }}")
}

fn user(text: &mut String, prefix: &Prefix, role: Role, key: &str) -> fmt::Result {
    let mut publish = BTreeSet::new();
    let mut subscribe = BTreeSet::from([format!("{}.>", role.inbox())]);
    for right in role.rights(prefix) {
        for (action, pattern) in right.patterns(prefix, None) {
            match action {
                Action::Publish => publish.insert(pattern),
                Action::Subscribe => subscribe.insert(pattern),
            };
        }
    }
    writeln!(text, "      # {}\n      {{ nkey: {key}, permissions: {{", role.as_str())?;
    for (action, patterns) in [("publish", publish), ("subscribe", subscribe)] {
        writeln!(text, "        {action}: {{ allow: [")?;
        for pattern in patterns {
            writeln!(text, "          {pattern:?}")?;
        }
        writeln!(text, "        ] }}")?;
    }
    writeln!(text, "      }} }}")
}

/// Something of one account that the other one uses.
struct Crossing {
    /// `stream`: what is said; `service`: what may be asked.
    kind: &'static str,
    subject: String,
    /// What it is called in the other account, if not the same.
    as_seen: Option<String>,
}

/// What leaves an account.
fn crossing(prefix: &Prefix, of: Account) -> Vec<Crossing> {
    let said = |subject: String| Crossing { kind: "stream", subject, as_seen: None };
    let asked = |subject: String| Crossing { kind: "service", subject, as_seen: None };
    let api = |verb: &str, stream: StreamName, seen: &str| {
        let rest = format!("{verb}.{}", stream_name(prefix, stream));
        let as_seen = Some(format!("{seen}.{rest}"));
        Crossing { kind: "service", subject: format!("$JS.API.{rest}"), as_seen }
    };
    let own = |rest: &str| format!("{}.{rest}", prefix.as_str());
    match of {
        Account::Guests => MIRRORED.map(|stream| api("STREAM.PURGE", stream, GUESTS_API)).into(),
        Account::Shoal => {
            let replies = stream_name(prefix, StreamName::Replies);
            let mut all = vec![
                said(own("live.>")),
                said(own("replies.>")),
                said(own("progress.>")),
                said(format!("{DELIVERIES}.>")),
                asked(own("questions.*.*.*.*")),
                asked(own("ask.*.interview.*")),
                asked(own("ask.*.batch_interview.*")),
                asked(format!("$JS.API.DIRECT.GET.{replies}.>")),
            ];
            for stream in MIRRORED {
                all.push(api("CONSUMER.CREATE", stream, SHOAL_API));
                all.push(asked(format!("$JS.FC.{}.>", stream_name(prefix, stream))));
            }
            all
        }
    }
}

fn name(account: Account) -> &'static str {
    match account {
        Account::Shoal => "SHOAL",
        Account::Guests => "GUESTS",
    }
}

fn other(account: Account) -> Account {
    match account {
        Account::Shoal => Account::Guests,
        Account::Guests => Account::Shoal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> String {
        let keys = Role::ALL.map(|role| (role, format!("U_{}", role.as_str()))).into();
        configuration(&"lab".parse().unwrap(), &keys)
    }

    #[test]
    fn each_role_is_a_user_of_its_account_under_the_prefix() {
        let text = text();
        let (shoal, guests) = text.split_once("  GUESTS {").unwrap();
        for role in Role::ALL {
            let key = format!("nkey: U_{},", role.as_str());
            assert_eq!(shoal.contains(&key), role.account() == Account::Shoal, "{role:?}");
            assert_eq!(guests.contains(&key), role.account() == Account::Guests, "{role:?}");
            assert_eq!(text.matches(&format!("\"{}.>\"", role.inbox())).count(), {
                // Who asks is answered by four services.
                1 + if role.asks() { 3 } else { 0 }
            });
        }
        assert!(!text.contains("sim."), "{text}");
        assert!(text.contains("\"$JS.API.STREAM.MSG.GET.LAB_ACTIONS\""), "{text}");
    }

    /// What would make one user another one, or take away what all live from.
    #[test]
    fn nobody_gets_what_no_role_needs() {
        let text = text();
        for never in [
            "\"_INBOX.>\"",
            "\">\"",
            "\"lab.>\"",
            "STREAM.DELETE",
            "STREAM.MSG.DELETE",
            "CONSUMER.DURABLE",
            "CONSUMER.PAUSE",
            "CONSUMER.RESET",
            "CONSUMER.UNPIN",
            "STREAM.RESTORE.>",
            "STREAM.SNAPSHOT.>",
            "STREAM.RESTORE.KV_LAB_LEASES",
            "STREAM.SNAPSHOT.KV_LAB_LEASES",
            "$JS.SNAPSHOT.>",
            "$SYS.REQ.SERVER",
            "$SYS.ACCOUNT",
            "$SYS.>",
            "allow_responses",
        ] {
            assert!(!text.contains(never), "{never}");
        }
    }
}
