//! How a tenant's pages and mails look like its own. Values are typed: no style, script or markup of a
//! tenant's ever reaches a page.

use std::collections::BTreeMap;

use polder_kernel::Locale;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a tenant chooses. What is absent is as in Polder's own look, or follows from what is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BrandingChoices {
    /// Colour of buttons and links, as `#rrggbb`. Its contrast with the page has to be 4.5:1 or more.
    #[schema(pattern = "^#[0-9a-fA-F]{6}$", example = "#1d4ed8")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_color: Option<String>,
    /// The same where people prefer dark; follows from `primary_color` unless given.
    #[schema(pattern = "^#[0-9a-fA-F]{6}$", example = "#8fb4ff")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_color_dark: Option<String>,
    /// Colour of the page behind the card, as `#rrggbb`.
    #[schema(pattern = "^#[0-9a-fA-F]{6}$", example = "#f4f6fb")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_color: Option<String>,
    /// The same where people prefer dark.
    #[schema(pattern = "^#[0-9a-fA-F]{6}$", example = "#0c1018")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_color_dark: Option<String>,
    /// How round fields and buttons are, in pixels: 0 to 24.
    #[schema(maximum = 24, example = 10)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub radius: Option<u8>,
    /// Texts by language, such as `en`. Where a language has none, those of the tenant's default language stand.
    #[schema(value_type = std::collections::HashMap<String, BrandTexts>)]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub texts: BTreeMap<Locale, BrandTexts>,
}

/// Texts in one language: plain text on one line, shown as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BrandTexts {
    /// The name on pages and in mails, in place of the tenant's name; up to 64 characters.
    #[schema(max_length = 64)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A greeting where people sign in; up to 200 characters.
    #[schema(max_length = 200)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub welcome: Option<String>,
    /// Whom to turn to, below every page; up to 200 characters.
    #[schema(max_length = 200)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Where the terms are: an https address.
    #[schema(max_length = 2048, format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms_url: Option<String>,
    /// Where it says what is done with personal data: an https address.
    #[schema(max_length = 2048, format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privacy_url: Option<String>,
}

/// How a tenant's pages and mails look.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Branding {
    /// What the tenant chose.
    pub choices: BrandingChoices,
    /// Its logo.
    pub logo: Option<BrandLogo>,
    /// The colours that follow, and how well they can be told apart.
    pub contrast: Vec<BrandContrast>,
}

/// A logo as it is served.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BrandLogo {
    /// Where it is, on the tenant's own host; another picture has another address.
    pub url: String,
    /// `image/png` or `image/jpeg`.
    pub content_type: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Whether what is behind it shows through.
    pub transparent: bool,
}

/// Two colours that stand on each other.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BrandContrast {
    /// `light` or `dark`.
    pub scheme: String,
    /// What is in front: `primary` or `button_text`.
    pub front: String,
    /// Its colour.
    pub front_color: String,
    /// What is behind: `page`, `card`, `panel` or `button`.
    pub back: String,
    /// Its colour.
    pub back_color: String,
    /// Their contrast, 1 to 21, in hundredths rounded down.
    pub ratio: f64,
    /// What it has to be.
    pub needs: f64,
}

/// A logo to take: PNG, JPEG or WebP, up to 180 kB and 4096 pixels a side. It is drawn anew, no larger than
/// 480 by 160 pixels.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLogo {
    /// The file in base64; what it is shows in its first bytes.
    #[schema(content_encoding = "base64", example = "iVBORw0KGgo…")]
    pub data: String,
}

/// A logo's bytes, for a preview elsewhere than on the tenant's own pages.
#[derive(Clone, Serialize, Deserialize)]
pub struct LogoFile {
    /// What it is.
    pub logo: BrandLogo,
    /// The picture in base64.
    pub data: String,
}
