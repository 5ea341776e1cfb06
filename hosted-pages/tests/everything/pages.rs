//! Rules that every page and mail obeys, in every language, also with hostile text in every field.

use std::collections::{HashMap, HashSet};
use std::io::Write as _;

use polder_hosted_pages::asset;
use polder_kernel::Locale;
use scraper::{ElementRef, Html, Selector};

use crate::samples::{self, Sample, Words};

/// Text that becomes markup, script, style or a link wherever escaping is forgotten.
const XSS: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' autofocus onfocus=alert(1) x='",
    "</title><svg onload=alert(1)>",
    "</textarea><iframe src=//evil.example>",
    "</code></pre><style>@import '//evil.example'</style>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "{{ 7*7 }}${7*7}{% raw %}{code}{tenant}",
    "\u{0}\u{8}\u{1b}]0;x\u{7}\r\nSet-Cookie: a=b",
    "\u{202e}gnp.exe\u{2066}",
    "&lt;b&gt;&amp;&#60;script&#62;",
    "https://evil.example/?\"onclick=\"alert(1)",
];

fn every_page(words: Words<'_>) -> Vec<(Locale, Sample, Html)> {
    let parse = |locale| {
        move |sample: Sample| {
            let html = Html::parse_document(&sample.html);
            (locale, sample, html)
        }
    };
    Locale::ALL.into_iter().flat_map(|l| samples::pages(l, words).into_iter().map(parse(l))).collect()
}

fn all<'a>(html: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    html.select(&Selector::parse(selector).unwrap()).collect()
}

fn text(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().trim().to_owned()
}

#[test]
fn k21_every_page_renders_in_every_language_with_title_heading_and_lang() {
    let pages = every_page(Words::USUAL);
    assert!(pages.len() >= 2 * 75, "{} pages", pages.len());
    for (locale, sample, html) in &pages {
        let name = &sample.name;
        assert_eq!(all(html, "html")[0].value().attr("lang"), Some(locale.tag()), "{name}");
        let headings = all(html, "h1");
        assert_eq!(headings.len(), 1, "{name}: one h1");
        assert!(!text(headings[0]).is_empty(), "{name}: empty h1");
        assert!(text(all(html, "title")[0]).len() > 5, "{name}: title");
        assert_eq!(all(html, "main").len(), 1, "{name}: one main");
        assert!(!sample.html.contains("{{") && !sample.html.contains("{%"), "{name}: template left");
        for element in all(html, "h1, h2, p, li, dt, button, a, label, summary, legend, th, option") {
            assert!(!text(element).contains(['{', '}']), "{name}: {}", text(element));
        }
    }
}

#[test]
fn k18_f24_pages_reach_no_other_origin() {
    for (_, sample, html) in every_page(Words::USUAL) {
        let name = &sample.name;
        for (selector, attribute) in [
            ("link[href]", "href"),
            ("script[src]", "src"),
            ("img[src]", "src"),
            ("form[action]", "action"),
            ("[data-events]", "data-events"),
            ("iframe[src]", "src"),
        ] {
            for element in all(&html, selector) {
                let value = element.value().attr(attribute).unwrap();
                // The one form that is for the application.
                if name == "form-post" && selector == "form[action]" {
                    continue;
                }
                assert!(value.starts_with('/') && !value.starts_with("//"), "{name}: {value}");
                if selector.starts_with("link") || selector.starts_with("script") {
                    let own = name.ends_with("-branded") && value.starts_with("/branding/style.");
                    assert!(asset(value).is_some() || own, "{name}: {value} is not an asset of ours");
                }
                if selector.starts_with("img") {
                    let own = name.ends_with("-branded") && value.starts_with("/branding/logo.");
                    assert!(own && element.value().attr("alt") == Some(""), "{name}: {value} is no logo");
                }
            }
        }
        for absent in [
            "iframe:not(#preview)",
            "object",
            "embed",
            "base",
            "video",
            "audio",
            "use",
            "image",
            "link[rel=preconnect]",
        ] {
            assert!(all(&html, absent).is_empty(), "{name}: {absent}");
        }
        for frame in all(&html, "iframe") {
            let boxed = frame.value().attr("sandbox") == Some("allow-same-origin");
            assert!(name.starts_with("console-branding") && boxed, "{name}");
        }
        for action in all(&html, "form") {
            assert!(action.value().attr("formaction").is_none(), "{name}");
        }
    }
}

#[test]
fn f01_no_inline_style_script_or_handler() {
    for words in [Words::USUAL].into_iter().chain(XSS.iter().map(|text| Words::all(text))) {
        for (_, sample, html) in every_page(words) {
            let name = &sample.name;
            assert!(all(&html, "style").is_empty(), "{name}: style element");
            for script in all(&html, "script") {
                assert!(script.value().attr("src").is_some() && text(script).is_empty(), "{name}: inline script");
                let passkeys = [
                    "sign-in-email",
                    "sign-in-provider",
                    "offer-passkey",
                    "account-passkeys",
                    "prove-passkey",
                    "make-",
                    "prove-work",
                    "form-post",
                ];
                let may = name.starts_with("console-") || passkeys.iter().any(|page| name.starts_with(page));
                assert!(may, "{name} has no use for a script");
            }
            for element in all(&html, "*") {
                for (attribute, value) in element.value().attrs() {
                    assert!(attribute != "style" && !attribute.starts_with("on"), "{name}: {attribute}={value}");
                }
            }
        }
    }
}

#[test]
fn f18_hostile_text_stays_text() {
    let shape = |html: &Html| -> Vec<String> { all(html, "*").iter().map(|e| e.value().name().to_owned()).collect() };
    // What differs for good reasons: links that are no web links are left out, so a page with them has fewer elements.
    let dropped_links: HashSet<&str> = HashSet::from(["signed-out", "expired", "consent-links"]);
    let usual = every_page(Words { url: "https://app.example.test/", ..Words::all("plain text") });
    for hostile in XSS {
        for ((_, sample, html), (_, plain, expected)) in every_page(Words::all(hostile)).iter().zip(&usual) {
            assert_eq!(sample.name, plain.name);
            for link in all(html, "a[href]") {
                let href = link.value().attr("href").unwrap();
                assert!(
                    ["/", "#", "http://", "https://"].iter().any(|s| href.starts_with(s)),
                    "{}: {href}",
                    sample.name
                );
            }
            if !dropped_links.contains(sample.name.as_str()) {
                assert_eq!(shape(html), shape(expected), "{}: {hostile} made or unmade elements", sample.name);
            }
        }
    }
}

#[test]
fn e07_every_form_that_posts_carries_csrf_and_flow() {
    // What is posted to an application is no form of ours: no token of ours is told to it.
    for (_, sample, html) in every_page(Words::USUAL).into_iter().filter(|(_, sample, _)| sample.name != "form-post") {
        let name = &sample.name;
        for form in all(&html, "form") {
            let hidden = |field: &str| {
                let selector = Selector::parse(&format!("input[type=hidden][name={field}]")).unwrap();
                form.select(&selector).next().and_then(|e| e.value().attr("value")).is_some_and(|v| !v.is_empty())
            };
            if form.value().attr("method") == Some("get") {
                assert!(!hidden("csrf"), "{name}: a token in a URL");
                continue;
            }
            assert_eq!(form.value().attr("method"), Some("post"), "{name}");
            assert!(hidden("csrf"), "{name}: {:?}", form.value().attr("action"));
            let of_flow = !["console-", "account-", "device"].iter().any(|group| name.starts_with(group));
            assert_eq!(hidden("flow"), of_flow, "{name}: flow");
            // A form that only a script can fill in is sent by the script.
            let button = if form.value().attr("data-passkey").is_some() { "button" } else { "submit" };
            let buttons = Selector::parse(&format!("button[type={button}]")).unwrap();
            assert_eq!(form.select(&buttons).count(), 1, "{name}: one button");
        }
    }
}

#[test]
fn wcag_fields_have_labels_ids_are_unique_and_descriptions_exist() {
    for (_, sample, html) in every_page(Words::USUAL) {
        let name = &sample.name;
        let mut ids = HashMap::new();
        for element in all(&html, "[id]") {
            let id = element.value().attr("id").unwrap();
            // A row's id is that of what it shows, and samples show the same thing in several rows of one table.
            let table = element.parent().map(|parent| parent.id()).filter(|_| element.value().name() == "tr");
            let before = ids.insert(id.to_owned(), table);
            assert!(
                before.is_none_or(|before| before.is_some() && before == table),
                "{name}: two elements with id {id}"
            );
        }
        for field in all(&html, "input:not([type=hidden]):not([type=radio]), textarea, select") {
            let id = field.value().attr("id").unwrap_or_else(|| panic!("{name}: a field without id"));
            let label = all(&html, &format!("label[for={id}]"));
            assert!(label.len() == 1 && !text(label[0]).is_empty(), "{name}: {id} has no label");
            if field.value().attr("aria-invalid").is_some() {
                let described = field.value().attr("aria-describedby").unwrap_or("");
                assert!(described.contains("-problem"), "{name}: {id} does not say what is wrong");
            }
        }
        for radio in all(&html, "input[type=radio]") {
            let parent = radio.parent().and_then(ElementRef::wrap).unwrap();
            assert_eq!(parent.value().name(), "label", "{name}: a choice without label");
        }
        for attribute in ["aria-describedby", "aria-labelledby"] {
            for element in all(&html, &format!("[{attribute}]")) {
                for id in element.value().attr(attribute).unwrap().split(' ') {
                    assert!(ids.contains_key(id), "{name}: {attribute} names {id}");
                }
            }
        }
        for button in all(&html, "button, a") {
            let named = !text(button).is_empty() || button.value().attr("aria-label").is_some();
            assert!(named, "{name}: a button or link without words");
        }
        if !all(&html, "body.console, body.account").is_empty() {
            assert_eq!(all(&html, "a.skip[href='#main']").len(), 1, "{name}: skip link");
            assert_eq!(all(&html, "main#main").len(), 1, "{name}: its target");
        }
    }
}

#[test]
fn wcag_a_page_with_a_problem_says_so_in_its_title() {
    for (locale, sample, html) in every_page(Words::USUAL) {
        let wrong = !all(&html, "[aria-invalid=true]").is_empty();
        let prefix = if locale == Locale::Nl { "Fout: " } else { "Error: " };
        assert_eq!(text(all(&html, "title")[0]).starts_with(prefix), wrong, "{}", sample.name);
    }
}

#[test]
fn contract_the_sign_in_forms_have_the_ids_and_paths_that_tools_know() {
    for (page, form, action, field) in [
        ("sign-in-email", "form#email-form", "/signin/email", "input#email[type=email][name=email]"),
        (
            "sign-in-code",
            "form#code-form",
            "/signin/code",
            "input#code[name=code][autocomplete=one-time-code][inputmode=numeric]",
        ),
        ("sign-in-code", "form#resend-form", "/signin/resend", "input[name=flow]"),
        ("sign-in-code", "form#switch-form", "/signin/switch", "input[name=flow]"),
        ("sign-in-provider-waits", "form#leave-form", "/signin/connect", "input[name=flow]"),
        ("connect-account", "form#connect-form", "/signin/connect", "input[name=account]"),
        ("connect-account", "form#leave-form", "/signin/connect", "input[name=csrf]"),
        ("sign-in-code", "form#cancel-form", "/signin/cancel", "input[name=flow]"),
        ("second-step", "form#totp-form", "/signin/second-step", "input#code[name=code][inputmode=numeric]"),
        ("second-step-recovery", "form#recovery-form", "/signin/recovery-code", "input#recovery[name=recovery]"),
        ("first-name", "form#name-form", "/signin/name", "input#name[autocomplete=name]"),
        ("sign-in-email", "form#passkey-form", "/signin/passkey", "input[name=credential]"),
        ("prove-work", "form#proof-form", "/signin/email", "input[name=challenge]"),
        ("prove-work-again", "form#proof-form", "/signin/resend", "input[name=solution]"),
        ("offer-passkey", "form#passkey-form", "/signin/offer/accept", "input[name=credential]"),
        ("offer-passkey", "form#skip-form", "/signin/offer/skip", "button[type=submit]"),
        ("continue-as", "form#continue-form", "/signin/continue", "input[name=csrf]"),
        ("sign-out-confirm", "form#sign-out-form", "/end_session", "input[name=csrf]"),
        ("home-signed-in", "form#sign-out-form", "/end_session", "input[name=csrf]"),
    ] {
        for (_, sample, html) in every_page(Words::USUAL).iter().filter(|(_, s, _)| s.name == page) {
            assert_eq!(all(html, form)[0].value().attr("action"), Some(action), "{}", sample.name);
            assert_eq!(all(html, &format!("{form} {field}")).len(), 1, "{}: {field}", sample.name);
        }
    }
}

/// The largest logo that is served, in bytes; the tenant holds to it.
const LOGO: usize = 18_000;

#[test]
fn the_first_page_weighs_less_than_30_kb_compressed_in_all() {
    for name in ["sign-in-email", "sign-in-email-branded"] {
        let page = samples::pages(Locale::Nl, Words::USUAL).into_iter().find(|s| s.name == name).unwrap();
        let html = Html::parse_document(&page.html);
        let own = samples::branded::files();
        let linked: Vec<String> = [("link[href]", "href"), ("script[src]", "src"), ("img[src]", "src")]
            .iter()
            .flat_map(|(selector, attribute)| {
                all(&html, selector)
                    .into_iter()
                    .map(|e| e.value().attr(attribute).unwrap().to_owned())
                    .collect::<Vec<_>>()
            })
            .collect();
        let mut sum = compressed(page.html.as_bytes());
        for path in &linked {
            sum += match (asset(path), own.iter().find(|(own, _)| own == path)) {
                (Some(asset), _) => compressed(asset.bytes),
                (None, Some((_, bytes))) if path.ends_with(".css") => compressed(bytes),
                (None, Some(_)) => LOGO,
                (None, None) => panic!("{path} is nowhere"),
            };
        }
        let expected = if name.ends_with("branded") { 5 } else { 3 };
        assert_eq!(linked.len(), expected, "style, script and icon, and for a brand its style and logo: {linked:?}");
        assert!(sum < 30 * 1024, "{name}: {sum} bytes");
        // Without a logo it is a third of that, so that there is room.
        assert!(name.ends_with("branded") || sum < 10 * 1024, "{name}: {sum} bytes");
    }
}

#[test]
fn no_first_page_of_the_console_weighs_80_kb_compressed() {
    let mut heaviest = (0, String::new());
    for (_, sample, html) in every_page(Words::USUAL).iter().filter(|(_, s, _)| s.name.starts_with("console-")) {
        let linked = [("link[href]", "href"), ("script[src]", "src"), ("img[src]", "src")];
        let linked = linked.iter().flat_map(|(selector, attribute)| {
            all(html, selector).into_iter().map(|e| e.value().attr(attribute).unwrap().to_owned()).collect::<Vec<_>>()
        });
        let files: usize = linked.filter_map(|path| asset(&path)).map(|asset| compressed(asset.bytes)).sum();
        heaviest = heaviest.max((files + compressed(sample.html.as_bytes()), sample.name.clone()));
    }
    assert!(heaviest.0 > 8 * 1024, "styles, scripts and icon are counted: {heaviest:?}");
    assert!(heaviest.0 < 80 * 1024, "{heaviest:?}");
}

#[test]
fn wcag_every_page_of_the_console_has_the_palette_as_a_dialog_with_a_combobox_and_a_link_without_a_script() {
    let signed_in = |name: &str| name.starts_with("console-");
    let mut seen = 0;
    for (_, sample, html) in every_page(Words::USUAL).iter().filter(|(_, s, _)| signed_in(&s.name)) {
        if all(html, "#palette").is_empty() {
            continue;
        }
        seen += 1;
        let field = all(html, "dialog#palette > input[role=combobox]")[0].value();
        assert_eq!(field.attr("aria-controls"), Some("palette-list"), "{}", sample.name);
        assert_eq!(all(html, "dialog#palette > ul#palette-list[role=listbox]").len(), 1, "{}", sample.name);
        assert_eq!(all(html, "dialog#palette > [role=status]").len(), 1, "{}", sample.name);
        assert_eq!(all(html, "dialog#palette[open]").len(), 0, "{}: closed until it is asked for", sample.name);
        assert_eq!(all(html, "a#palette-open[href='/search']").len(), 1, "{}", sample.name);
    }
    assert!(seen > 100, "{seen} pages");
}

/// Its size as gzip.
fn compressed(bytes: &[u8]) -> usize {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap().len()
}

#[test]
fn f03_links_of_a_brand_lead_to_https_or_nowhere() {
    use polder_hosted_pages::{Brand, Frame, Page, tenant};
    for hostile in ["javascript:alert(1)", "http://x.example/", "//x.example", "data:text/html,x", ""] {
        let brand = Brand { terms: Some(hostile), privacy: Some(hostile), ..Brand::NONE };
        let frame = Frame { brand, ..Frame::new(Locale::En, "Practice") };
        let html = tenant::Home { frame, issuer: "https://x.example", people: &[] }.render();
        assert!(all(&Html::parse_document(&html), "ul.links").is_empty(), "{hostile}");
    }
    for (_, sample, html) in
        every_page(Words::USUAL).iter().filter(|(_, s, _)| s.name.ends_with("-branded") || s.name == "consent-links")
    {
        let links = all(html, "ul.links a");
        assert_eq!(links.len(), 2, "{}", sample.name);
        for link in links {
            assert_eq!(link.value().attr("rel"), Some("noopener noreferrer"), "{}", sample.name);
        }
    }
}

#[test]
fn p_live_progress_works_without_a_script() {
    let page = samples::pages(Locale::En, Words::USUAL).into_iter().find(|s| s.name == "console-progress").unwrap();
    assert!(page.html.contains("<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript>"));
    let done =
        samples::pages(Locale::En, Words::USUAL).into_iter().find(|s| s.name == "console-progress-done").unwrap();
    assert!(!done.html.contains("http-equiv=\"refresh\"") && !done.html.contains("data-events"));
}

#[test]
fn contract_the_offer_of_a_passkey_has_one_submit_button_and_it_skips() {
    for (_, sample, html) in every_page(Words::USUAL).iter().filter(|(_, s, _)| s.name.starts_with("offer-passkey")) {
        assert_eq!(all(html, "button[type=submit]").len(), 1, "{}", sample.name);
        assert!(sample.html.contains("<noscript>") && sample.html.contains("JavaScript"), "{}", sample.name);
    }
}

#[test]
fn r2_the_field_that_people_leave_empty_is_out_of_everybodys_way() {
    for (_, sample, html) in every_page(Words::USUAL).iter().filter(|(_, s, _)| s.name.starts_with("sign-in-email")) {
        let fields = all(html, "form#email-form [aria-hidden=true] input[name=website]");
        assert_eq!(fields.len(), 1, "{}", sample.name);
        let value = |name: &str| fields[0].value().attr(name);
        assert_eq!((value("tabindex"), value("autocomplete"), value("value")), (Some("-1"), Some("off"), Some("")));
        assert!(value("required").is_none() && value("type") == Some("text"));
    }
}

#[test]
fn r1_d23_the_page_that_asks_for_work_needs_no_script() {
    for (_, sample, html) in every_page(Words::USUAL).iter().filter(|(_, s, _)| s.name.starts_with("prove-work")) {
        assert_eq!(all(html, "form#proof-form [data-say=waits]:not([hidden])").len(), 1, "{}", sample.name);
        assert_eq!(all(html, "form#proof-form [data-say=works][hidden]").len(), 1, "{}", sample.name);
        let worker = all(html, "form#proof-form")[0].value().attr("data-worker").unwrap();
        assert!(asset(worker).is_some(), "{worker}");
    }
}

#[test]
fn a40_an_answer_is_escaped_sent_by_a_script_and_without_one_by_a_button() {
    let state = "\"><script>alert(1)</script>";
    for (_, sample, html) in
        every_page(Words::all(state)).into_iter().filter(|(_, sample, _)| sample.name == "form-post")
    {
        let value = |field: &str| {
            let found = all(&html, &format!("#answer-form input[type=hidden][name={field}]"));
            found[0].value().attr("value").unwrap().to_owned()
        };
        assert_eq!((value("state").as_str(), value("code").as_str()), (state, "sample-code"));
        assert!(!sample.html.contains(state), "{}", sample.html);
        let script = all(&html, "script")[0];
        assert!(script.value().attr("nonce").is_some() && script.value().attr("defer").is_some());
        assert!(asset(script.value().attr("src").unwrap()).is_some());
        assert_eq!(all(&html, "#answer-form button.main[type=submit]").len(), 1, "also where a script does not arrive");
        assert!(all(&html, "nav").is_empty(), "no link shows the page, and so the answer, again");
        for hidden in ["csrf", "flow"] {
            assert!(all(&html, &format!("input[name={hidden}]")).is_empty(), "{hidden} is told to nobody");
        }
    }
}

#[test]
fn a67_only_what_the_rules_of_an_application_allow_is_offered_for_its_tokens() {
    let mut seen = 0;
    for (_, sample, html) in every_page(Words::USUAL) {
        let offered = |field: &str| -> Vec<String> {
            let choices = all(&html, &format!("select[name={field}] option"));
            choices.iter().map(|choice| choice.value().attr("value").unwrap().to_owned()).collect()
        };
        let (id_token, userinfo): (&[&str], &[&str]) = match sample.name.as_str() {
            "console-application" => (&["", "ES256", "EdDSA"], &["", "RS256", "ES256", "EdDSA"]),
            "console-application-strict" => (&["", "EdDSA"], &["", "ES256", "EdDSA"]),
            _ => continue,
        };
        assert_eq!(offered("id_token_signed_response_alg"), id_token, "{}", sample.name);
        assert_eq!(offered("userinfo_signed_response_alg"), userinfo, "{}", sample.name);
        seen += 1;
    }
    assert!(seen >= 2, "both pages are there");
}
