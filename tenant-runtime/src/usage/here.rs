//! That somebody is here today.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use polder_crypto::Keyring;
use polder_db::{Error, Tx};
use polder_kernel::{Day, Entropy, Month, Timestamp};
use polder_tenant_api::UserId;

use crate::App;
use crate::store::usage::{self, News};

/// The most people that are remembered; who comes after them is asked about in the database each time.
const MOST: usize = 200_000;
/// How many months back there can be days of a person: the current one, and those that retention leaves.
const KEPT_MONTHS: i64 = 4;

/// Who was counted today, in memory: the database is asked once for each. A restart forgets it, and the database
/// says again that they were counted.
#[derive(Debug, Default)]
pub struct Counted(Mutex<(Option<Day>, HashSet<UserId>)>);

impl Counted {
    fn has(&self, day: Day, user: UserId) -> bool {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.0 == Some(day) && counted.1.contains(&user)
    }

    /// That they were counted is stored: to be said once the unit of work is, and not before.
    pub fn keep(&self, here: Option<(Day, UserId)>) {
        let Some((day, user)) = here else { return };
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.0 != Some(day) {
            *counted = (Some(day), HashSet::new());
        }
        if counted.1.len() < MOST {
            counted.1.insert(user);
        }
    }
}

/// Somebody who is here and was not counted today, as far as is remembered.
#[derive(Debug)]
pub struct Here {
    user: UserId,
    day: Day,
    person_index: String,
}

impl Here {
    /// `None` when they were counted today.
    pub fn of(app: &App, user: UserId) -> Option<Self> {
        Self::unless(&app.counted, &app.keyring, (user, Day::of(app.clock.now())))
    }

    /// The same inside a unit of work, which does not hold the whole program.
    pub fn unless(counted: &Counted, keyring: &Keyring, (user, day): (UserId, Day)) -> Option<Self> {
        if counted.has(day, user) {
            return None;
        }
        Some(Self { user, day, person_index: person_index(keyring, user, day.month()) })
    }

    /// The day and the person, for [`Counted::keep`].
    pub const fn whom(&self) -> (Day, UserId) {
        (self.day, self.user)
    }

    /// Counts them, in the unit of work of what they did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note(&self, tx: &mut Tx) -> Result<(), Error> {
        let news = usage::here(tx, &self.person_index, self.day).await?;
        if news == News::Nothing {
            return Ok(());
        }
        usage::add(tx, self.day, "active_people", 1).await?;
        if news == News::ThisMonth {
            usage::one_more(tx, self.day.month()).await?;
        }
        Ok(())
    }
}

/// Gives the days of a person who is erased a name made of chance: they stay counted, and nobody can say who it was,
/// not even with the keys and the number that is left of them.
///
/// # Errors
/// When the database fails.
pub async fn forget_person(
    tx: &mut Tx,
    (keyring, entropy): (&Keyring, &Entropy),
    user: UserId,
    now: Timestamp,
) -> Result<(), Error> {
    let current = Month::of(now);
    for back in 0..=KEPT_MONTHS {
        let index = person_index(keyring, user, current.plus(-back));
        usage::forget(tx, &index, entropy.token().expose()).await?;
    }
    Ok(())
}

/// What the days of a person in a month are found by. Another each month, so that months do not hang together.
fn person_index(keyring: &Keyring, user: UserId, month: Month) -> String {
    keyring.index("active-person", format!("{month}\0{user}").as_bytes())
}
