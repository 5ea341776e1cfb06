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
    for (known, confirmed) in [(None, true), (Some(Known { accepted: false, ..KNOWN }), false), (Some(KNOWN), true)] {
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
