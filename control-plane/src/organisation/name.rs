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
    let leads = ["://", "www.", "@"].iter().any(|part| lower.contains(part));
    let length = name.chars().count();
    if length == 0 || length > LONGEST || leads || name.contains(char::is_control) {
        return Err(Refusal::Name(LONGEST));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d12_a_name_is_a_name_and_no_way_to_lead_people_elsewhere() {
        for good in ["Acme", "  Ann & Co.  ", "Zaken, B.V.", &"x".repeat(80)] {
            assert!(checked(good).is_ok(), "{good}");
        }
        for bad in ["", "  ", "a\r\nb", "go to https://evil.test", "WWW.evil.test", "ann@evil.test", &"x".repeat(81)] {
            assert!(matches!(checked(bad), Err(Refusal::Name(_))), "{bad}");
        }
    }
}
