//! Password hashes: argon2id as PHC strings (`$argon2id$v=19$m=…`), and hashes that match nothing (`!…`).

use anyhow::{Context as _, anyhow};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::clock::{Random, random_hex};

/// What a hash begins with that matches no password.
const UNUSABLE: char = '!';

/// The cost: 19 MiB, two passes, one lane (OWASP's first recommendation for argon2id).
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

const SALT_BYTES: usize = 16;

/// What came of comparing a password with a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is another one.
    Wrong,
    /// It is the one.
    Right,
    /// It is the one, but the hash was made with another cost: hash it again and store that.
    Outdated,
}

/// Hashes a password with a salt of its own. Takes some ten milliseconds, on a thread for blocking work.
///
/// # Errors
/// When the password is longer than argon2 takes (4 GiB), or no thread can be had.
pub async fn hash(password: &str, random: &dyn Random) -> anyhow::Result<String> {
    let mut salt = [0; SALT_BYTES];
    random.fill(&mut salt);
    let password = password.to_owned();
    blocking(move || {
        let hash = hasher()?.hash_password_with_salt(password.as_bytes(), &salt);
        Ok(hash.map_err(|error| anyhow!("failed to hash a password: {error}"))?.to_string())
    })
    .await
}

/// A hash that matches no password. Each is different, so that what is derived from it is too.
pub fn unusable(random: &dyn Random) -> String {
    format!("{UNUSABLE}{}", random_hex(random, 20))
}

/// Whether a password could match this hash at all.
pub fn is_usable(hash: &str) -> bool {
    !hash.is_empty() && !hash.starts_with(UNUSABLE)
}

/// Compares a password with a hash. `None` stands for somebody who is not there; it takes as long and is [`Verdict::Wrong`], as
/// is everything for a hash that cannot match.
///
/// # Errors
/// When no thread can be had.
pub async fn verify(password: &str, hash: Option<&str>, random: &dyn Random) -> anyhow::Result<Verdict> {
    let Some(known) = hash.filter(|hash| is_usable(hash)) else {
        self::hash(password, random).await?;
        return Ok(Verdict::Wrong);
    };
    let (password, known) = (password.to_owned(), known.to_owned());
    blocking(move || {
        let Ok(parsed) = PasswordHash::new(&known) else { return Ok(Verdict::Wrong) };
        if hasher()?.verify_password(password.as_bytes(), &parsed).is_err() {
            return Ok(Verdict::Wrong);
        }
        let current = Params::try_from(&parsed).is_ok_and(|params| cost(&params) == COST);
        let argon2id = parsed.algorithm == Algorithm::Argon2id.ident() && parsed.version == Some(Version::V0x13.into());
        Ok(if current && argon2id { Verdict::Right } else { Verdict::Outdated })
    })
    .await
}

fn hasher() -> anyhow::Result<Argon2<'static>> {
    let (memory, passes, lanes) = COST;
    let params =
        Params::new(memory, passes, lanes, None).map_err(|error| anyhow!("argon2 refuses its cost: {error}"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn cost(params: &Params) -> (u32, u32, u32) {
    (params.m_cost(), params.t_cost(), params.p_cost())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> anyhow::Result<T> + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("the thread that hashes a password failed")?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandom;

    fn wait<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
    }

    #[test]
    fn a_password_matches_its_own_hash_only() {
        wait(async {
            let first = hash("correct horse", &SystemRandom).await.expect("a hash");
            assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{first}");
            let second = hash("correct horse", &SystemRandom).await.expect("a hash");
            assert_ne!(first, second, "each has a salt of its own");
            for (password, hash, verdict) in [
                ("correct horse", Some(first.as_str()), Verdict::Right),
                ("Correct horse", Some(&first), Verdict::Wrong),
                ("", Some(&first), Verdict::Wrong),
                ("correct horse", None, Verdict::Wrong),
                ("correct horse", Some("!"), Verdict::Wrong),
                ("!", Some("!"), Verdict::Wrong),
                ("", Some(""), Verdict::Wrong),
                ("correct horse", Some("correct horse"), Verdict::Wrong),
                ("correct horse", Some("$argon2id$v=19$m=9,t=1,p=1$eA$eA"), Verdict::Wrong),
            ] {
                assert_eq!(verify(password, hash, &SystemRandom).await.expect("a verdict"), verdict, "{hash:?}");
            }
        });
    }

    #[test]
    fn a_hash_of_another_cost_is_outdated() {
        wait(async {
            for (algorithm, cost) in [(Algorithm::Argon2id, 64), (Algorithm::Argon2i, COST.0)] {
                let params = Params::new(cost, COST.1, COST.2, None).expect("a cost");
                let old = Argon2::new(algorithm, Version::V0x13, params).hash_password_with_salt(b"old one", &[7; 16]);
                let old = old.expect("a hash").to_string();
                let verdict = verify("old one", Some(&old), &SystemRandom).await.expect("a verdict");
                assert_eq!(verdict, Verdict::Outdated, "{old}");
                assert_eq!(verify("new one", Some(&old), &SystemRandom).await.expect("a verdict"), Verdict::Wrong);
            }
        });
    }

    #[test]
    fn hashes_that_match_nothing_differ() {
        let (first, second) = (unusable(&SystemRandom), unusable(&SystemRandom));
        assert!(first.starts_with('!') && first != second && !is_usable(&first) && !is_usable(""));
    }
}
