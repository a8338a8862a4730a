//! The key of a user: a seed that only the user has, and a public key for the server.

use std::fmt;

use nkeys::{KeyPair, KeyPairType};

/// The key of a user of the bus.
pub struct Key {
    seed: String,
    public: String,
}

impl Key {
    /// A new one.
    ///
    /// # Errors
    /// If the system gives no random bytes, in words.
    pub fn make() -> Result<Key, String> {
        Key::of(&KeyPair::new_user())
    }

    /// Reads the text of a file: the seed on a line of its own, behind lines that begin with `#`.
    ///
    /// # Errors
    /// What is wrong with it, without a word of it.
    pub fn read(text: &str) -> Result<Key, String> {
        let is_said = |line: &&str| !line.is_empty() && !line.starts_with('#');
        let mut lines = text.lines().map(str::trim).filter(is_said);
        let (Some(seed), None) = (lines.next(), lines.next()) else {
            return Err(format!("expected one line, {A_SEED}"));
        };
        match KeyPair::from_seed(seed) {
            Ok(pair) if matches!(pair.key_pair_type(), KeyPairType::User) => Key::of(&pair),
            Ok(_) => Err(format!("it is the seed of something else, expected {A_SEED}")),
            Err(_) => Err(format!("it holds no seed, expected {A_SEED}")),
        }
    }

    fn of(pair: &KeyPair) -> Result<Key, String> {
        let seed = pair.seed().map_err(|error| error.to_string())?;
        Ok(Key { seed, public: pair.public_key() })
    }

    /// What proves who one is: a secret.
    pub fn seed(&self) -> &str {
        &self.seed
    }

    /// What the server knows one by: `U...`.
    pub fn public(&self) -> &str {
        &self.public
    }
}

const A_SEED: &str = "the seed of a user, which begins with SU (`shoal keys` makes one)";

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.public).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_made() {
        let key = Key::make().unwrap();
        assert!(key.seed().starts_with("SU") && key.public().starts_with('U'));
        let read = Key::read(&format!("# launcher\n\n  {}\r\n", key.seed())).unwrap();
        assert_eq!((read.seed(), read.public()), (key.seed(), key.public()));
        assert!(!format!("{key:?}").contains(key.seed()));
    }

    #[test]
    fn what_is_no_seed_is_refused_without_a_word_of_it() {
        let account = KeyPair::new_account().seed().unwrap();
        let user = Key::make().unwrap();
        let two = format!("{}\n{}", user.seed(), user.seed());
        let torn = &user.seed()[..40];
        for text in ["", "# nothing", torn, &account, &two, user.public(), "SU-secret"] {
            let reason = Key::read(text).unwrap_err();
            assert!(reason.contains("SU (`shoal keys`"), "{reason}");
            assert!(!text.lines().any(|line| line.len() > 3 && reason.contains(line)), "{reason}");
        }
    }
}
