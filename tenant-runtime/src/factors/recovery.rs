//! Recovery codes (D17): ten of 80 bits, shown once, each good for one sign-in.

use std::sync::Arc;

use polder_db::Tx;
use polder_kernel::encoding::base32;
use polder_tenant_api::{SessionId, UserId};

use super::Checked;
use super::totp::{failed, record};
use super::tries::{Factor, Spent};
use crate::App;
use crate::account::notice::{self, Change};
use crate::error::Internal;
use crate::model::User;
use crate::signin::visit::Visit;
use crate::store::{recovery_codes, totp_factors};

/// How many codes a set has.
pub const CODES: usize = 10;
/// Letters and digits of one.
const LENGTH: usize = 16;

/// A code as it is hashed, out of what was typed: capitals without spaces and hyphens. `None` for what
/// cannot be one, which spends no try.
pub fn normal(typed: &str) -> Option<String> {
    let letters = typed.chars().filter(|c| !c.is_whitespace() && *c != '-');
    // None of our codes has these digits, and people read letters as them.
    let meant = letters.map(|c| match c.to_ascii_uppercase() {
        '0' => 'O',
        '1' => 'I',
        '8' => 'B',
        other => other,
    });
    let code: String = meant.collect();
    let fits = code.len() == LENGTH && code.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b));
    fits.then_some(code)
}

/// A code as it is shown: four groups of four.
pub fn shown(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// Makes a set in the place of the one before, for somebody with an app they stand in for. `None` for
/// anybody else.
pub async fn make(
    app: &Arc<App>,
    visit: &Visit,
    (user, session): (&User, SessionId),
) -> Result<Option<Vec<String>>, Internal> {
    let salt = app.entropy.bytes::<16>();
    let codes: Vec<String> = (0..CODES).map(|_| base32(&app.entropy.bytes::<10>())).collect();
    let hashes = app.slow.hashes(pepper(app, user.id), salt, codes.clone()).await?;
    let (unit, user, visit) = (Arc::clone(app), user.clone(), visit.clone());
    let made = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                if !totp_factors::has(tx, user.id).await? {
                    return Ok(false);
                }
                recovery_codes::replace(tx, user.id, &salt, &hashes, unit.clock.now()).await?;
                Factor::RecoveryCode.clear(tx, user.id).await?;
                record(&unit, tx, &user, &visit, ("recovery_codes.made", Some(session)))?;
                notice::put(&unit, tx, &user, Some(&visit), Change::RecoveryCodesMade).await?;
                Ok::<_, Internal>(true)
            })
        })
        .await?;
    app.outbox_filled.notify_one();
    Ok(made.then(|| codes.iter().map(|code| shown(code)).collect()))
}

/// A code whose try was spent and whose hash was made: what [`check`] compares.
#[derive(Debug)]
pub struct Weighed {
    hash: [u8; 32],
    number: i64,
}

/// Spends a try of `user` and makes the slow hash, outside any unit of work. A person without a set costs
/// as much as one with.
///
/// # Errors
/// The time to wait, when the try comes too soon; else that we failed.
pub async fn weigh(app: &Arc<App>, user: UserId, code: String) -> Result<Result<Weighed, Checked>, Internal> {
    let unit = Arc::clone(app);
    let (spent, salt) = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let spent = Factor::RecoveryCode.spend(tx, user, unit.clock.now()).await?;
                Ok::<_, Internal>((spent, recovery_codes::salt(tx, user).await?))
            })
        })
        .await?;
    let number = match spent {
        Spent::Try(number) => number,
        Spent::Wait(retry_after) => return Ok(Err(Checked::Wait { retry_after })),
    };
    let hashes = app.slow.hashes(pepper(app, user), salt.unwrap_or_default(), vec![code]).await?;
    let hash = hashes.first().copied().unwrap_or_default();
    Ok(Ok(Weighed { hash, number }))
}

/// Uses the code up, inside the unit of work that makes the session.
pub async fn check(app: &App, tx: &mut Tx, user: &User, visit: &Visit, code: &Weighed) -> Result<Checked, Internal> {
    if !recovery_codes::consume(tx, user.id, &code.hash, app.clock.now()).await? {
        failed(app, tx, user, visit, (Factor::RecoveryCode, code.number)).await?;
        return Ok(Checked::Wrong);
    }
    Factor::RecoveryCode.clear(tx, user.id).await?;
    let left = recovery_codes::of_user(tx, user.id).await?.map_or(0, |set| set.left);
    record(app, tx, user, visit, ("recovery_code.used", None))?;
    notice::put(app, tx, user, Some(visit), Change::RecoveryCodeUsed { left }).await?;
    Ok(Checked::Right)
}

/// What the hashes need beside the database: without the tenant's keys they cannot even be guessed at.
fn pepper(app: &App, user: UserId) -> [u8; 32] {
    app.keyring.mac("recovery-code", &[user.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use polder_kernel::Entropy;

    #[test]
    fn d17_a_code_has_80_bits_and_reads_back_however_it_was_copied() {
        let code = base32(&Entropy::seeded(1).bytes::<10>());
        assert_eq!(code.len(), LENGTH);
        let paper = shown(&code);
        assert_eq!(paper.len(), LENGTH + 3);
        for typed in [paper.clone(), paper.to_lowercase(), paper.replace('-', " "), format!(" {code} ")] {
            assert_eq!(normal(&typed).as_deref(), Some(code.as_str()), "{typed}");
        }
        assert_eq!(normal("0000-1111-8888-AAAA").as_deref(), Some("OOOOIIIIBBBBAAAA"));
        for typed in ["", "ABCD", "ABCD-EFGH-IJKL-MNO9", "ABCD-EFGH-IJKL-MNOPQ", "ÄBCD-EFGH-IJKL-MNO"] {
            assert_eq!(normal(typed), None, "{typed}");
        }
    }
}
