//! What an organisation is called.

use std::sync::Arc;

use super::{By, Refusal};
use crate::app::App;
use crate::audit;
use crate::store::organisations;

/// The longest name, in characters.
pub const LONGEST: usize = 80;

/// Gives the organisation another name.
///
/// # Errors
/// [`Refusal::Name`].
pub async fn change(app: &Arc<App>, by: &By, name: &str) -> Result<(), Refusal> {
    let name = checked(name)?.to_owned();
    let (by, now) = (by.clone(), app.clock.now());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                organisations::rename(tx, by.organisation_id, &name, now).await?;
                let facts = [("name", name.as_str())];
                polder_audit::record(tx, audit::event("organisation.renamed", &by.acting, None, &facts));
                Ok(())
            })
        })
        .await
}

/// The name, trimmed. It stands in mails to strangers, so it cannot hold what mail programs make a link of.
///
/// # Errors
/// [`Refusal::Name`].
pub fn checked(name: &str) -> Result<&str, Refusal> {
    let name = name.trim();
    let lower = name.to_lowercase();
    let leads = ["/", "www.", "@"].iter().any(|part| lower.contains(part)) || holds_host(name);
    let length = name.chars().count();
    if length == 0 || length > LONGEST || leads || name.contains(char::is_control) {
        return Err(Refusal::Name(LONGEST));
    }
    Ok(name)
}

/// Whether a dot leads on to two letters or more, as in the name of a host: `B.V.` and `St. Jan` hold none.
fn holds_host(name: &str) -> bool {
    const DOTS: [char; 4] = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];
    name.split(DOTS).skip(1).any(|after| after.chars().take_while(|c| c.is_alphabetic()).count() >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d12_a_name_is_a_name_and_no_way_to_lead_people_elsewhere() {
        for good in ["Acme", "  Ann & Co.  ", "Zaken, B.V.", "St. Jan", "A.B.C. Holding", "No. 4.2", &"x".repeat(80)] {
            assert!(checked(good).is_ok(), "{good}");
        }
        let links = ["evil-login.com/x", "Acme / evil", "evil.com", "Acme evil.Co now", "go to evil。com", "evil．com"];
        for bad in ["", "  ", "a\r\nb", "go to https://evil.test", "WWW.evil.test", "ann@evil.test", &"x".repeat(81)]
            .into_iter()
            .chain(links)
        {
            assert!(matches!(checked(bad), Err(Refusal::Name(_))), "{bad}");
        }
    }
}
