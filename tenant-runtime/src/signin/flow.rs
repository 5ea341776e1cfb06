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
mod tests {
    use super::*;

    const OPEN: Policy = Policy { sign_up: SignUp::Open, silent_allowed: true, impossible: false };
    const SEEN: Policy = Policy { silent_allowed: false, ..OPEN };
    const KNOWN: Known = Known {
        accepted: true,
        proved_here: false,
        admitted: true,
        lacks: None,
        fresh: true,
        has_name: true,
        consented: true,
        passkey_due: false,
    };
    const STRANGER: Attempt = Attempt {
        silent: false,
        choose: false,
        code: Code::NotAsked,
        second: Second::NotAsked,
        outside: Outside::Nothing,
        known: None,
        undecided: None,
        confirmed: false,
    };

    fn with(known: Known) -> Attempt {
        Attempt { known: Some(known), ..STRANGER }
    }

    #[test]
    fn b98_a_stranger_is_asked_for_address_then_code_and_nothing_is_skipped() {
        for confirmed in [false, true] {
            let start = Attempt { confirmed, ..STRANGER };
            assert_eq!(next(&start, &OPEN), Step::AskEmail);
            assert_eq!(next(&Attempt { code: Code::Waiting, ..start }, &OPEN), Step::AskCode);
        }
    }

    #[test]
    fn b98_a_used_code_without_its_session_begins_nothing() {
        let replayed = Attempt { code: Code::Used, confirmed: true, ..STRANGER };
        assert_eq!(next(&replayed, &OPEN), Step::Expired);
    }

    #[test]
    fn b98_without_an_accepted_session_no_attempt_is_ever_issued_a_code() {
        let known = [None, Some(Known { accepted: false, proved_here: true, ..KNOWN })];
        for known in known {
            for code in [Code::NotAsked, Code::Waiting, Code::Used] {
                for (silent, choose, confirmed) in [(true, true, true), (false, true, true), (false, false, false)] {
                    let attempt = Attempt { silent, choose, code, known, confirmed, ..STRANGER };
                    assert_ne!(next(&attempt, &OPEN), Step::Issue, "{attempt:?}");
                }
            }
        }
    }

    #[test]
    fn p4_b98_a_second_step_that_waits_is_not_gone_around() {
        for second in [Second::Waiting, Second::RanOut, Second::Used] {
            for (known, confirmed) in [(None, true), (Some(Known { accepted: false, ..KNOWN }), false)] {
                let attempt = Attempt { second, code: Code::Used, known, confirmed, ..STRANGER };
                let step = next(&attempt, &OPEN);
                let expected = if second == Second::Waiting { Step::AskSecondFactor } else { Step::Expired };
                assert_eq!(step, expected, "{attempt:?}");
            }
        }
        // Nor by a session that was there before, of this person or another.
        let attempt = Attempt { second: Second::Waiting, code: Code::Used, confirmed: true, ..with(KNOWN) };
        assert_eq!(next(&attempt, &OPEN), Step::AskSecondFactor);
        // Nor where a provider vouched and no code was asked for, or an account waits to be connected.
        for outside in [Outside::Nothing, Outside::Unproved, Outside::Proved] {
            let vouched = Attempt { outside, code: Code::NotAsked, ..attempt };
            assert_eq!(next(&vouched, &OPEN), Step::AskSecondFactor);
            let late = Attempt { second: Second::Used, known: None, ..vouched };
            assert_eq!(next(&late, &OPEN), Step::Expired);
        }
        assert_eq!(next(&Attempt { second: Second::Used, ..attempt }, &OPEN), Step::Issue);
    }

    #[test]
    fn e18_b98_where_there_is_no_room_nobody_gets_in_and_nothing_is_gone_around() {
        for (known, confirmed) in [(None, true), (Some(Known { accepted: false, ..KNOWN }), false), (Some(KNOWN), true)]
        {
            for code in [Code::NotAsked, Code::Waiting, Code::Used] {
                let attempt = Attempt { second: Second::NoRoom, code, known, confirmed, ..STRANGER };
                assert_eq!(next(&attempt, &OPEN), Step::MakeRoom, "{attempt:?}");
            }
        }
        let proved = Attempt { second: Second::NoRoom, ..with(Known { proved_here: true, ..KNOWN }) };
        assert_eq!(next(&proved, &OPEN), Step::Issue, "by other means");
    }

    #[test]
    fn a_known_person_goes_straight_through_after_the_name() {
        assert_eq!(next(&with(KNOWN), &OPEN), Step::Issue);
        assert_eq!(next(&with(Known { has_name: false, ..KNOWN }), &OPEN), Step::AskName);
    }

    #[test]
    fn a_passkey_is_offered_once_to_somebody_who_just_proved_themselves_here() {
        let due = Known { proved_here: true, passkey_due: true, ..KNOWN };
        assert_eq!(next(&with(due), &OPEN), Step::OfferPasskey);
        assert_eq!(next(&with(Known { has_name: false, ..due }), &OPEN), Step::AskName, "the name comes first");
        assert_eq!(next(&with(Known { admitted: false, ..due }), &OPEN), Step::NotAllowed);
        assert_eq!(next(&with(Known { passkey_due: false, ..due }), &OPEN), Step::Issue);
        // Never to somebody who came with a session, nor where no page may be shown.
        assert_eq!(next(&with(Known { proved_here: false, ..due }), &OPEN), Step::Issue);
        assert_eq!(next(&Attempt { silent: true, ..with(due) }, &OPEN), Step::Issue);
    }

    #[test]
    fn a_code_under_way_does_not_hold_up_who_proved_themselves_by_other_means() {
        let proved = Known { proved_here: true, ..KNOWN };
        assert_eq!(next(&Attempt { code: Code::Waiting, ..with(proved) }, &OPEN), Step::Issue);
        assert_eq!(next(&Attempt { code: Code::Waiting, ..with(KNOWN) }, &OPEN), Step::AskCode);
    }

    #[test]
    fn p19_a_person_the_application_does_not_admit_gets_no_code() {
        let refused = Known { admitted: false, proved_here: true, ..KNOWN };
        for policy in [OPEN, SEEN] {
            assert_eq!(next(&with(refused), &policy), Step::NotAllowed);
            assert_eq!(next(&Attempt { confirmed: true, ..with(refused) }, &policy), Step::NotAllowed);
            let silent = Attempt { silent: true, ..with(refused) };
            assert_eq!(next(&silent, &policy), Step::Refuse(Refusal::AccessDenied));
        }
    }

    #[test]
    fn b97_an_application_of_others_gets_nothing_before_the_person_agreed() {
        let asked = Known { consented: false, ..KNOWN };
        for proved_here in [false, true] {
            for confirmed in [false, true] {
                let attempt = Attempt { confirmed, ..with(Known { proved_here, ..asked }) };
                assert_eq!(next(&attempt, &OPEN), Step::AskConsent);
            }
        }
        let silent = Attempt { silent: true, ..with(asked) };
        assert_eq!(next(&silent, &OPEN), Step::Refuse(Refusal::ConsentRequired));
        let refused = Known { admitted: false, ..asked };
        assert_eq!(next(&with(refused), &OPEN), Step::NotAllowed, "nobody agrees to what they may not use");
    }

    #[test]
    fn a_session_too_old_for_the_request_is_asked_again() {
        let old = with(Known { accepted: false, ..KNOWN });
        assert_eq!(next(&old, &OPEN), Step::AskEmail);
        assert_eq!(next(&Attempt { silent: true, ..old }, &OPEN), Step::Refuse(Refusal::LoginRequired));
    }

    #[test]
    fn b91_a_client_anyone_could_pose_as_is_never_answered_unseen() {
        let silent = Attempt { silent: true, ..with(KNOWN) };
        assert_eq!(next(&silent, &SEEN), Step::Refuse(Refusal::InteractionRequired));
        assert_eq!(next(&with(KNOWN), &SEEN), Step::Continue);
        assert_eq!(next(&Attempt { confirmed: true, ..with(KNOWN) }, &SEEN), Step::Issue);
        assert_eq!(next(&with(Known { proved_here: true, ..KNOWN }), &SEEN), Step::Issue);
    }

    #[test]
    fn a_choice_of_account_is_shown_unless_it_was_just_made() {
        let choose = Attempt { choose: true, ..with(KNOWN) };
        assert_eq!(next(&choose, &OPEN), Step::Continue);
        assert_eq!(next(&Attempt { confirmed: true, ..choose }, &OPEN), Step::Issue);
        let proved = Attempt { known: Some(Known { proved_here: true, ..KNOWN }), ..choose };
        assert_eq!(next(&proved, &OPEN), Step::Issue);
    }

    #[test]
    fn b100_an_account_that_waits_is_connected_after_a_proof_and_by_nobody_else() {
        let waits = Attempt { outside: Outside::Unproved, ..with(KNOWN) };
        assert_eq!(next(&waits, &OPEN), Step::AskEmail);
        assert_eq!(next(&Attempt { confirmed: true, ..waits }, &OPEN), Step::AskEmail);
        assert_eq!(next(&Attempt { known: None, ..waits }, &OPEN), Step::AskEmail);
        let proved = Attempt { outside: Outside::Proved, ..with(Known { proved_here: true, ..KNOWN }) };
        assert_eq!(next(&proved, &OPEN), Step::Connect);
        assert_eq!(next(&Attempt { known: None, ..proved }, &OPEN), Step::AskEmail);
        let nameless = with(Known { has_name: false, proved_here: true, ..KNOWN });
        assert_eq!(next(&Attempt { outside: Outside::Proved, ..nameless }, &OPEN), Step::AskName);
        // What waits in another window of this person is nothing to an answer without a page.
        let silent = Attempt { silent: true, ..waits };
        assert_eq!(next(&silent, &OPEN), Step::Issue);
    }

    #[test]
    fn b86_nobody_who_lacks_something_is_issued_a_code_by_any_way() {
        for lack in [Lack::SecondFactor, Lack::Passkey, Lack::NewPasskey, Lack::NewFactor] {
            for (proved_here, confirmed) in [(false, false), (false, true), (true, false), (true, true)] {
                for second in [Second::NotAsked, Second::Used] {
                    for code in [Code::NotAsked, Code::Used] {
                        let known = Known { lacks: Some(lack), proved_here, ..KNOWN };
                        let attempt = Attempt { confirmed, second, code, ..with(known) };
                        assert_eq!(next(&attempt, &OPEN), supply(lack, true), "{attempt:?}");
                        let silent = Attempt { silent: true, ..attempt };
                        assert_eq!(next(&silent, &OPEN), Step::Refuse(Refusal::LoginRequired));
                    }
                }
            }
        }
        let stranger = Known { lacks: Some(Lack::NewFactor), admitted: false, ..KNOWN };
        assert_eq!(next(&with(stranger), &OPEN), Step::NotAllowed, "nobody sets anything up for what they may not use");
    }

    #[test]
    fn c26_a_session_that_lay_around_makes_no_new_way_in() {
        for lack in [Lack::NewPasskey, Lack::NewFactor] {
            let old = Known { lacks: Some(lack), fresh: false, ..KNOWN };
            assert_eq!(next(&with(old), &OPEN), Step::AskEmail);
            let proved = Known { proved_here: true, ..old };
            assert_eq!(next(&with(proved), &OPEN), supply(lack, true));
        }
        // What somebody has can be proved at any time.
        let app = Known { lacks: Some(Lack::SecondFactor), fresh: false, ..KNOWN };
        assert_eq!(next(&with(app), &OPEN), Step::AskSecondFactor);
    }

    #[test]
    fn b86_what_no_sign_in_reaches_is_refused_before_any_page() {
        let policy = Policy { impossible: true, ..OPEN };
        for attempt in [STRANGER, with(KNOWN), Attempt { silent: true, ..with(KNOWN) }] {
            assert_eq!(next(&attempt, &policy), Step::Refuse(Refusal::Unmet));
        }
    }

    #[test]
    fn d10_whether_sign_up_is_open_changes_no_step() {
        let closed = Policy { sign_up: SignUp::Closed, ..OPEN };
        for code in [Code::NotAsked, Code::Waiting, Code::Used] {
            let attempt = Attempt { code, ..STRANGER };
            assert_eq!(next(&attempt, &OPEN), next(&attempt, &closed));
        }
    }

    #[test]
    fn e19_a18_nobody_is_guessed_at_where_several_are_signed_in() {
        for undecided in [Undecided::Several, Undecided::Others] {
            let attempt = Attempt { undecided: Some(undecided), ..STRANGER };
            assert_eq!(next(&attempt, &OPEN), Step::Choose);
            assert_eq!(next(&Attempt { confirmed: true, ..attempt }, &OPEN), Step::Choose, "as nobody in particular");
            assert_eq!(next(&Attempt { code: Code::Waiting, ..attempt }, &OPEN), Step::AskCode, "asked for by hand");
            let silent = next(&Attempt { silent: true, ..attempt }, &OPEN);
            let refusal = match undecided {
                Undecided::Several => Refusal::AccountSelectionRequired,
                Undecided::Others => Refusal::LoginRequired,
            };
            assert_eq!(silent, Step::Refuse(refusal));
        }
    }
}
