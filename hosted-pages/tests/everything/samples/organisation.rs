//! The console's pages about an organisation itself.

use polder_hosted_pages::console::{
    FieldProblem, GrantRow, InvitationRow, MatrixRow, May, Member, MemberPage, MemberRow, Members, Notice,
    Organisation, Problem, ROLES, Shell, SignUp, SignUpStep, Sorting, Trail, TrailRow,
};
use polder_hosted_pages::{Frame, Page};
use polder_kernel::Locale;

use super::console::AT;
use super::{Sample, Words};

/// Who may do something, by the number of roles from the widest on.
const fn row(permission: &'static str, roles: usize) -> MatrixRow {
    let mut may = [false; 6];
    let mut at = 0;
    while at < roles {
        may[at] = true;
        at += 1;
    }
    MatrixRow { permission, may }
}

pub fn pages(locale: Locale, words: Words<'_>) -> Vec<Sample> {
    let member = Member { name: words.person, address: words.address, organisation: words.tenant };
    let shell = Shell {
        locale,
        nonce: "c2FtcGxl",
        csrf: "csrf-sample",
        member,
        language_path: Some("/?x=1"),
        notice: None,
        may: May::ALL,
    };
    let frame =
        Frame { nonce: "c2FtcGxl", csrf: "csrf-sample", language_path: Some("/"), ..Frame::new(locale, "Polder") };
    let mut pages = Vec::new();
    let mut add =
        |name: &str, page: &dyn Fn() -> String| pages.push(Sample { name: format!("console-{name}"), html: page() });
    members(shell, words, &mut add);
    organisation(shell, words, &mut add);
    sign_up(frame, words, &mut add);
    pages
}

fn sign_up(frame: Frame<'_>, words: Words<'_>, add: Add<'_>) {
    let page = SignUp { frame, step: SignUpStep::Ask { email: "" }, problems: &[] };
    add("sign-up", &|| page.render());
    add("sign-up-sent", &|| SignUp { step: SignUpStep::Sent { email: words.address }, ..page }.render());
    add("sign-up-over", &|| SignUp { step: SignUpStep::Over, ..page }.render());
    let problems = [
        FieldProblem { field: "name", problem: Problem::Required },
        FieldProblem { field: "organisation", problem: Problem::Invalid },
    ];
    let step =
        SignUpStep::Confirm { token: "sample", email: words.address, name: words.person, organisation: words.tenant };
    add("sign-up-confirm", &|| SignUp { step, ..page }.render());
    add("sign-up-wrong", &|| SignUp { step, problems: &problems, ..page }.render());
}

type Add<'a> = &'a mut dyn FnMut(&str, &dyn Fn() -> String);

fn members(shell: Shell<'_>, words: Words<'_>, add: Add<'_>) {
    let seer = Shell { may: May { change_members: false, see_audit: false, ..May::ALL }, ..shell };
    let own = MemberRow {
        id: "1",
        name: words.person,
        address: words.address,
        role: "owner",
        last_seen_at: Some(AT),
        since: AT,
        own: true,
    };
    let other = MemberRow { id: "2", name: "", role: "support", last_seen_at: None, own: false, ..own };
    let fresh = MemberRow { address: "", role: words.other, ..other };
    let invitation = InvitationRow {
        id: "3",
        address: words.address,
        role: "billing",
        expires_at: AT,
        expired: false,
        mailed: true,
    };
    let invitations = [invitation, InvitationRow { expired: true, mailed: false, ..invitation }];
    let matrix = [
        row("enter", 6),
        row("see", 5),
        row("see-people", 4),
        row("change-applications", 3),
        row("change-members", 2),
        row("change-keys", 1),
    ];
    let sorting = &Sorting { path: "/members".to_owned(), query: String::new(), by: "created_at" };
    let page = Members {
        shell,
        sorting,
        members: &[own, other, fresh],
        next: Some("cursor"),
        invitations: &invitations,
        link: Some(words.url),
        roles: &ROLES,
        email: "",
        role: "developer",
        matrix: &matrix,
        problems: &[],
    };
    add("members", &|| page.render());
    let few = Members { shell: seer, members: &[own], next: None, link: None, ..page };
    add("members-seen", &|| few.render());
    for (name, wrong) in
        [("invited", Problem::Invited), ("member", Problem::Member), ("full", Problem::Full), ("mails", Problem::Mails)]
    {
        let problems = [FieldProblem { field: "email", problem: wrong }];
        let page = Members { email: words.other, problems: &problems, link: None, ..page };
        add(&format!("members-wrong-{name}"), &|| page.render());
    }
    let one = MemberPage { shell, member: other, roles: &ROLES[1..], refused: false };
    add("member", &|| one.render());
    add("member-own", &|| MemberPage { member: own, refused: true, ..one }.render());
    add("member-seen", &|| MemberPage { shell: seer, ..one }.render());
    for (name, notice) in [
        ("member-invited", Notice::MemberInvited),
        ("invited-again", Notice::InvitedAgain),
        ("invitation-revoked", Notice::InvitationRevoked),
        ("role-changed", Notice::RoleChanged),
        ("member-removed", Notice::MemberRemoved),
        ("left", Notice::Left),
        ("key-changed", Notice::KeyChanged),
        ("access-ended", Notice::AccessEnded),
        ("organisation-made", Notice::OrganisationMade),
    ] {
        let page = Members { shell: Shell { notice: Some(notice), ..shell }, link: None, ..page };
        add(&format!("notice-{name}"), &|| page.render());
    }
}

fn organisation(shell: Shell<'_>, words: Words<'_>, add: Add<'_>) {
    let grant = GrantRow {
        id: "1",
        tenant: words.tenant,
        person: words.person,
        reason: words.other,
        created_at: AT,
        until: AT,
        holds: true,
    };
    let grants = [grant, GrantRow { holds: false, ..grant }];
    let page =
        Organisation { shell, role: "owner", name: words.tenant, grants: &grants, refused: false, problems: &[] };
    add("organisation", &|| page.render());
    add("organisation-alone", &|| Organisation { grants: &[], refused: true, ..page }.render());
    let may = May { change_organisation: false, see_audit: false, see: false, see_keys: false, ..May::ALL };
    add("organisation-billing", &|| Organisation { shell: Shell { may, ..shell }, role: "billing", ..page }.render());
    let problems = [FieldProblem { field: "name", problem: Problem::Invalid }];
    add("organisation-wrong", &|| Organisation { name: words.other, problems: &problems, ..page }.render());
    let event = TrailRow {
        number: 42,
        action: "member.role_changed",
        actor: words.person,
        actor_id: "1",
        tenant: words.tenant,
        address: "192.0.2.7",
        facts: words.other,
        at: AT,
    };
    let events =
        [event, TrailRow { number: 41, action: "organisation.renamed", tenant: "", facts: "", address: "", ..event }];
    let page = Trail { shell, events: &events, next: Some("41"), action: "", actor_id: "" };
    add("trail", &|| page.render());
    add("trail-empty", &|| Trail { events: &[], next: None, ..page }.render());
    add("trail-filtered", &|| {
        Trail { events: &[], next: None, action: words.other, actor_id: words.other, ..page }.render()
    });
}
