//! How pages and mails look.

use polder_hosted_pages::Look;
use polder_hosted_pages::console::{Branding, May, Problem, Shell, Specimen};
use polder_kernel::Locale;
use polder_tenant_api::{BrandLogo, BrandTexts, BrandingChoices};

use super::{Stage, problem};

impl Stage<'_> {
    pub fn branding(&mut self) {
        let words = self.words;
        let text = Some(words.other.to_owned());
        let texts = BrandTexts { name: text.clone(), welcome: text.clone(), ..BrandTexts::default() };
        let choices = BrandingChoices {
            primary_color: text,
            radius: Some(12),
            texts: [(Locale::Nl, texts)].into(),
            ..BrandingChoices::default()
        };
        let page = Branding {
            shell: self.shell,
            tenant: self.tenant,
            choices: &BrandingChoices::default(),
            logo: None,
            shown: Specimen::SignIn,
            in_language: Locale::Nl,
            look: Look::Light,
            preview: "/tenants/practice/branding/preview?show=sign-in",
            problems: &[],
        };
        self.add("branding", &page);
        let may = May { change_applications: false, ..May::ALL };
        self.add("branding-seen", &Branding { shell: Shell { may, ..self.shell }, ..page });
        let logo = BrandLogo {
            url: words.url.to_owned(),
            content_type: "image/png".to_owned(),
            width: 480,
            height: 120,
            transparent: true,
        };
        let problems =
            ["primary_color", "radius", "nl_welcome", "logo"].map(|at| problem(at, Problem::Said(words.other)));
        let page = Branding {
            choices: &choices,
            logo: Some(&logo),
            shown: Specimen::Mail,
            look: Look::Dark,
            problems: &problems,
            ..page
        };
        self.add("branding-wrong", &page);
    }
}
