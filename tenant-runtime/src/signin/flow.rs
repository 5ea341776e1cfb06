//! The one decision of a sign-in: from what is stored to what comes next.
//!
//! ```text
//!                    ┌──────────────── a live, recent enough session ──────────────┐
//! /authorize ─> AskEmail ─> AskCode ─> (AskSecondFactor) ─> (session) ─> [lack] ─> AskName ─> Connect ─> OfferPasskey ─> AskConsent ─> Continue ─> Issue
//!                 │ ^ │         │          ^      ^                                 (an account    (skip)                     │
//!                 │ │ │         │          │      │                                   waits)                                  └─ switch ─> AskEmail
//!                 │ │ └─ switch ┘          │      │
//!                 │ └── a provider, not    │      │
//!                 │     known yet          │      │
//!                 ├── a provider that is known    │
//!                 └── a passkey ──────────────────┘
//! ```
//!
//! Where several people are signed in and none of them is meant for sure, `Choose` comes before all of it.
//! `[lack]` is whatever stands between the session and what is asked for here ([`Lack`]): a second factor
//! or a passkey to prove, or to make for somebody who has none. A session that does for one application
//! may lack something for the next.
//!
//! Every handler stores what it learnt and asks [`next`] again; steps never call each other, and
//! nothing a browser holds says "this step is done" (B98): a rolled-back cookie replays nothing.

use polder_tenant_api::SignUp;

use super::demand::Lack;

/// Where the code of this flow stands, as its row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// None was asked for yet.
    NotAsked,
    /// One is under way, or has run out and can be asked for again.
    Waiting,
    /// It was typed in rightly: this flow has made its session and can make no other.
    Used,
}

/// Where the second factor of this flow stands, as its row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Second {
    /// The first was not proved yet, or there is no second.
    NotAsked,
    /// The first was proved, the second is waited for.
    Waiting,
    /// All is proved, and the person has as many sessions as they may.
    NoRoom,
    /// It was waited for too long.
    RanOut,
    /// It was proved: this flow has made its session and can make no other.
    Used,
}

/// The live session of this browser, as far as this request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Whether it is the person asked for, signed in recently enough (`prompt=login`, `max_age`,
    /// `id_token_hint`).
    pub accepted: bool,
    /// Whether this person proved themselves in this very flow, and so has seen its pages. A sign-in in
    /// another window is none of it: it was not for this application.
    pub proved_here: bool,
    /// Whether this application lets the person in (P19).
    pub admitted: bool,
    /// What is still lacking to what is asked for.
    pub lacks: Option<Lack>,
    /// Whether the person proved themselves a moment ago, in this flow or another.
    pub fresh: bool,
    /// Whether the first-time questions, for a name and what else the tenant requires, were answered.
    pub has_name: bool,
    /// Whether this person agreed to what the application asks for, or need not: it is the tenant's own.
    pub consented: bool,
    /// Whether the person, who proved themselves here with something weaker, is to be asked whether they
    /// want a passkey.
    pub passkey_due: bool,
}

/// Why none of the people signed in on this browser is gone on as without asking (E19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecided {
    /// Several may be meant.
    Several,
    /// The application has somebody else in mind (`login_hint`).
    Others,
}

/// Where an account at an outside provider stands that nobody here has yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// None waits in this flow.
    Nothing,
    /// One waits, and nobody has proved by means of our own who they are.
    Unproved,
    /// One waits, and who is signed in proved in this flow, by code or passkey, who they are.
    Proved,
}

/// One attempt to sign in, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// `prompt=none`: no page may be shown.
    pub silent: bool,
    /// `prompt=select_account` or `consent`: the person is to say who they go on as.
    pub choose: bool,
    /// The code of this flow.
    pub code: Code,
    /// The second factor of this flow.
    pub second: Second,
    /// The account that waits to be connected.
    pub outside: Outside,
    /// The session that the request is for.
    pub known: Option<Known>,
    /// Why there is none, though people are signed in on this browser.
    pub undecided: Option<Undecided>,
    /// Whether the person pressed "continue" in this very request, or chose who to be in this flow.
    pub confirmed: bool,
}

/// What tenant and application allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether strangers may make an account. It decides nothing a page could show (D10).
    pub sign_up: SignUp,
    /// Whether an answer may go out without the person seeing it: not to a public client whose
    /// redirect anyone on the device could claim (B91).
    pub silent_allowed: bool,
    /// Whether the request insists on a context that no sign-in reaches.
    pub impossible: bool,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Show the form for the address.
    AskEmail,
    /// Show the form for the code.
    AskCode,
    /// Show the form for the second factor.
    AskSecondFactor,
    /// Show the person's sessions, one of which has to end (E18).
    MakeRoom,
    /// Ask for the passkey that the person has.
    ProvePasskey,
    /// Have somebody with nothing that would do make a passkey.
    MakePasskey,
    /// Have somebody without a second factor make a passkey or set up an app.
    MakeFactor,
    /// Show the form for the name.
    AskName,
    /// Ask whether the account that waits is to be connected.
    Connect,
    /// Ask whether an application of somebody else may have what it asks for (B97).
    AskConsent,
    /// Offer a passkey; one button skips it.
    OfferPasskey,
    /// Show "continue as …".
    Continue,
    /// Show who is signed in on this browser, to choose from.
    Choose,
    /// Tell the person that this application is not for them.
    NotAllowed,
    /// Answer the application with a code.
    Issue,
    /// Answer the application with an error, since no page may be shown.
    Refuse(Refusal),
    /// This flow has run its course.
    Expired,
}

/// Why a request is refused without a page (Core 3.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody is signed in, or not recently or strongly enough, or somebody else.
    LoginRequired,
    /// The person would have to say who they go on as.
    AccountSelectionRequired,
    /// A page would have to be shown.
    InteractionRequired,
    /// The person would have to agree first.
    ConsentRequired,
    /// The application does not let this person in.
    AccessDenied,
    /// It insists on a context that no sign-in reaches (B86).
    Unmet,
}

/// Decides what comes next. Pure: the same attempt always gives the same step.
pub fn next(attempt: &Attempt, policy: &Policy) -> Step {
    if policy.impossible {
        return Step::Refuse(Refusal::Unmet);
    }
    let known = attempt.known.filter(|known| known.accepted);
    if attempt.silent {
        return silently(known, attempt.undecided, policy);
    }
    // Somebody who proved themselves in this flow by other means, such as a passkey, needs no second step.
    let proved_here = known.is_some_and(|known| known.proved_here);
    match attempt.second {
        Second::Waiting if !proved_here => return Step::AskSecondFactor,
        Second::NoRoom if !proved_here => return Step::MakeRoom,
        Second::RanOut if !proved_here => return Step::Expired,
        _ => {}
    }
    // A code under way was asked for by hand: it is finished or left, whoever is signed in. Somebody who
    // proved themselves in this flow by other means has left it.
    if attempt.code == Code::Waiting && !proved_here {
        return Step::AskCode;
    }
    let Some(known) = known else {
        // Who came from a provider says by another proof who they are, not by choosing.
        if attempt.undecided.is_some() && attempt.outside == Outside::Nothing {
            return Step::Choose;
        }
        let made = attempt.code == Code::Used || attempt.second == Second::Used;
        return if made { Step::Expired } else { Step::AskEmail };
    };
    // Whoever a provider vouched for is not thereby who is signed in here (B100).
    if attempt.outside == Outside::Unproved {
        return Step::AskEmail;
    }
    if !known.admitted {
        return Step::NotAllowed;
    }
    if let Some(lack) = known.lacks {
        return match supply(lack, known.fresh || known.proved_here) {
            // What was proved here by other means is not enough, so the code is still wanted.
            Step::AskEmail if attempt.code == Code::Waiting => Step::AskCode,
            step => step,
        };
    }
    if !known.has_name {
        return Step::AskName;
    }
    if attempt.outside == Outside::Proved {
        return Step::Connect;
    }
    if known.proved_here && known.passkey_due {
        return Step::OfferPasskey;
    }
    if !known.consented {
        return Step::AskConsent;
    }
    let seen = attempt.confirmed || known.proved_here;
    if !seen && (attempt.choose || !policy.silent_allowed) {
        return Step::Continue;
    }
    Step::Issue
}

/// The step that gives what is lacking. A session that lay around opens no new way in: whoever is to make
/// something proves their address first.
const fn supply(lack: Lack, fresh: bool) -> Step {
    match lack {
        Lack::Address => Step::AskEmail,
        Lack::SecondFactor => Step::AskSecondFactor,
        Lack::Passkey => Step::ProvePasskey,
        Lack::NewPasskey if fresh => Step::MakePasskey,
        Lack::NewFactor if fresh => Step::MakeFactor,
        Lack::NewPasskey | Lack::NewFactor => Step::AskEmail,
    }
}

fn silently(known: Option<Known>, undecided: Option<Undecided>, policy: &Policy) -> Step {
    match known {
        None if undecided == Some(Undecided::Several) => Step::Refuse(Refusal::AccountSelectionRequired),
        None => Step::Refuse(Refusal::LoginRequired),
        Some(known) if !known.admitted => Step::Refuse(Refusal::AccessDenied),
        Some(known) if known.lacks.is_some() => Step::Refuse(Refusal::LoginRequired),
        Some(known) if !known.consented => Step::Refuse(Refusal::ConsentRequired),
        Some(_) if !policy.silent_allowed => Step::Refuse(Refusal::InteractionRequired),
        Some(_) => Step::Issue,
    }
}

#[cfg(test)]
mod tests;
