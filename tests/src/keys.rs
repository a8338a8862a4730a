//! The keys of all users of a bus, and the rights of its server, as `shoal keys` makes them.

use std::collections::BTreeMap;

use tempfile::TempDir;

use crate::process::{program, run};

/// A folder of keys.
#[derive(Debug)]
pub(crate) struct Keys {
    dir: TempDir,
}

impl Keys {
    /// For the prefix that `environment` names, or the usual one.
    pub(crate) fn make(environment: &[(&str, &str)]) -> Keys {
        let dir = TempDir::new().expect("a temporary folder");
        let folder = dir.path().to_str().expect("a path that is text");
        let environment =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        shoal(&["keys", folder], &environment.collect());
        Keys { dir }
    }

    /// The file with a role's key.
    pub(crate) fn file(&self, role: &str) -> String {
        self.dir.path().join(format!("{role}.nk")).to_string_lossy().into_owned()
    }

    /// For the configuration of a server.
    pub(crate) fn rights(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("rights.conf")).expect("the rights")
    }

    /// The same, and who has no key may do everything.
    pub(crate) fn for_anybody(&self) -> String {
        let anybody = "users: [\n      { user: anybody, password: anybody }\n";
        // Its answers come under the usual prefix.
        let answers = "\"_R_.>\" \"_INBOX.>\"";
        let rights = self.rights().replace("\"_R_.>\"", answers);
        format!("no_auth_user: anybody\n{}", rights.replacen("users: [\n", anybody, 1))
    }

    /// Makes the streams, and the copies for guests.
    pub(crate) fn provision(&self, environment: &BTreeMap<String, String>) {
        for (role, arguments) in
            [("provisioner", &["provision"][..]), ("mirror", &["provision", "--mirrors"])]
        {
            let mut environment = environment.clone();
            environment.insert("NATS_NKEY".to_owned(), self.file(role));
            shoal(arguments, &environment);
        }
    }
}

fn shoal(arguments: &[&str], environment: &BTreeMap<String, String>) {
    let output = run(&program("shoal"), arguments, environment);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "shoal {arguments:?} failed:\n{said}");
}
