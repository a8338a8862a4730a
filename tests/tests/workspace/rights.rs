//! What containers may do on their bus is what is written in the code, and may be read without it.

use bus::Role;
use bus::permissions::{configuration, named_keys};
use contract::subject::Prefix;

use crate::{read, root};

#[test]
fn the_rights_of_containers_are_those_of_the_roles() {
    let path = root().join("deploy/rights.conf");
    let expected = configuration(&Prefix::default(), &named_keys());
    if std::env::var_os("SHOAL_REWRITE").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "deploy/rights.conf is old: SHOAL_REWRITE=1 writes it anew");
    // The keys are made without the code.
    let keys = read("scripts/make_secrets.py");
    for role in Role::ALL {
        assert!(keys.contains(&format!("{:?}", role.as_str())), "no key for {role:?}");
    }
}
