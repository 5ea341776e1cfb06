//! What people without a session see.

use polder_hosted_pages::Frame;
use polder_hosted_pages::console::{ErrorPage, Invitation, NoAccess, NoAccessReason, Problem, SignedOut};
use polder_hosted_pages::tenant::ErrorKind;
use polder_kernel::Locale;

use super::{Stage, problem};

impl Stage<'_> {
    pub fn door(&mut self, locale: Locale) {
        let words = self.words;
        let frame =
            Frame { nonce: "c2FtcGxl", csrf: "csrf-sample", language_path: Some("/"), ..Frame::new(locale, "Polder") };
        self.add("signed-out", &SignedOut { frame, ended: false, sign_up: true });
        self.add("signed-out-ended", &SignedOut { frame, ended: true, sign_up: false });
        let page = Invitation {
            frame,
            token: "sample",
            name: words.person,
            email: words.address,
            into: Some(words.tenant),
            problems: &[],
        };
        self.add("invitation", &page);
        let problems = [problem("token", Problem::Invalid), problem("email", Problem::Said(words.other))];
        self.add("invitation-wrong", &Invitation { token: words.other, into: None, problems: &problems, ..page });
        let reason = NoAccessReason::NoMember(words.address);
        self.add("no-access", &NoAccess { frame, reason });
        self.add("no-access-role", &NoAccess { frame, reason: NoAccessReason::Role });
        let page = ErrorPage { frame, kind: ErrorKind::NotFound, detail: Some(words.other), request_id: words.other };
        self.add("error", &page);
    }
}
