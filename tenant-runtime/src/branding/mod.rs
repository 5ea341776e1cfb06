//! How this tenant looks: its choices and its logo, in memory as they are served.
//!
//! Stored as two settings, `branding` (the choices as JSON) and `branding.logo`. Pages link a style sheet
//! and a logo of their own under `/branding/`, named by a hash of their content.

pub mod accept;
pub mod logo;
pub mod serve;

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use polder_crypto::sha256;
use polder_db::{Db, Tx};
use polder_hosted_pages::{Brand, Theme, brand};
use polder_kernel::Locale;
use polder_kernel::encoding::base64url;
use polder_tenant_api::{self as api, BrandTexts, BrandingChoices};
use tokio::sync::Mutex;

use self::logo::Logo;
use crate::error::Internal;
use crate::store::settings;

/// The setting that holds the choices.
pub const CHOICES: &str = "branding";
/// The setting that holds the logo; empty for none.
pub const LOGO: &str = "branding.logo";

/// The tenant's look, as it is now.
pub struct Branding {
    current: RwLock<Arc<Current>>,
    /// One reads at a time, so that what was read first is never put in last.
    reading: Mutex<()>,
}

/// A look, ready to be served.
pub struct Current {
    /// What was chosen.
    pub choices: BrandingChoices,
    /// The colours that follow.
    pub theme: Theme,
    /// The logo, and where it is.
    pub logo: Option<(Logo, String)>,
    style: Option<(Bytes, String)>,
}

impl Branding {
    /// Reads it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(db: &Db) -> Result<Self, Internal> {
        let current = Current::read(&mut db.read().await?).await?;
        Ok(Self { current: RwLock::new(Arc::new(current)), reading: Mutex::default() })
    }

    /// The look as it is now.
    pub fn current(&self) -> Arc<Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads it again, after it was changed, and gives it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refresh(&self, db: &Db) -> Result<Arc<Current>, Internal> {
        let _turn = self.reading.lock().await;
        let current = Arc::new(Current::read(&mut db.read().await?).await?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&current);
        Ok(current)
    }
}

impl Current {
    async fn read(tx: &mut Tx) -> Result<Self, Internal> {
        let choices = match settings::get(tx, CHOICES).await? {
            Some(json) => serde_json::from_str(&json)?,
            None => BrandingChoices::default(),
        };
        let logo = match settings::get(tx, LOGO).await? {
            Some(json) if !json.is_empty() => Some(serde_json::from_str::<Logo>(&json)?),
            _ => None,
        };
        // What was fine when it was chosen is shown plainly should it not be any more.
        let theme = brand::theme(&choices).unwrap_or(Theme::PLAIN);
        let logo = logo.map(|logo| {
            let path = format!("/branding/logo.{}.{}", name(&logo.bytes), logo.kind.extension());
            (logo, path)
        });
        let style = theme.style_sheet().map(|sheet| {
            let path = format!("/branding/style.{}.css", name(sheet.as_bytes()));
            (Bytes::from(sheet), path)
        });
        Ok(Self { choices, theme, logo, style })
    }

    /// What stands around a page in this language.
    pub fn shown(&self, locale: Locale, last: Locale) -> Brand<'_> {
        let text = |pick: fn(&BrandTexts) -> &Option<String>| self.text(locale, last, pick);
        Brand {
            style: self.style.as_ref().map(|(_, path)| path.as_str()),
            logo: self.logo.as_ref().map(|(logo, path)| brand::Logo {
                src: path,
                width: logo.width,
                height: logo.height,
                transparent: logo.transparent,
            }),
            welcome: text(|texts| &texts.welcome),
            help: text(|texts| &texts.help),
            terms: text(|texts| &texts.terms_url),
            privacy: text(|texts| &texts.privacy_url),
        }
    }

    /// The tenant's name in this language.
    pub fn name<'a>(&'a self, locale: Locale, tenant: &'a api::Settings) -> &'a str {
        self.text(locale, tenant.default_locale, |texts| &texts.name).unwrap_or(&tenant.name)
    }

    fn text(&self, locale: Locale, last: Locale, pick: fn(&BrandTexts) -> &Option<String>) -> Option<&str> {
        let texts = &self.choices.texts;
        [locale, last].iter().find_map(|locale| pick(texts.get(locale)?).as_deref())
    }
}

/// A name that changes with the content.
fn name(bytes: &[u8]) -> String {
    base64url(&sha256(bytes)[..12])
}
