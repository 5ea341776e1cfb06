//! Settings ready to paste for common client libraries.
//!
//! Issuer and client id are filled in; the secret never is: the program reads it from a file whose
//! path stands in `OIDC_CLIENT_SECRET_FILE`.

use polder_tenant_api::{Application, ApplicationType};

/// Code for one library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// The library's name.
    pub library: &'static str,
    /// Its language or platform.
    pub platform: &'static str,
    /// How to install it.
    pub install: &'static str,
    /// The code.
    pub code: String,
}

/// Stands where an application has no redirect URI yet.
const SAMPLE_REDIRECT: &str = "https://app.example.com/callback";

/// Code for each library, with the values of this application.
pub fn snippets(issuer: &str, application: &Application) -> Vec<Snippet> {
    let values = Values::of(issuer, application);
    let machine = application.kind == ApplicationType::Machine;
    let public = matches!(application.kind, ApplicationType::Spa | ApplicationType::Native);
    let pick = |for_people: &str, for_people_public: &str, for_machines: &str| {
        let template = if machine {
            for_machines
        } else if public {
            for_people_public
        } else {
            for_people
        };
        values.fill(template)
    };
    let mut all = vec![
        Snippet {
            library: "openid-client",
            platform: "Node.js, Express",
            install: "npm install openid-client",
            code: pick(
                include_str!("snippets/openid_client.js"),
                include_str!("snippets/openid_client_public.js"),
                include_str!("snippets/openid_client_machine.js"),
            ),
        },
        Snippet {
            library: "Authlib",
            platform: "Python, Flask",
            install: if machine { "pip install authlib requests" } else { "pip install authlib flask requests" },
            code: pick(
                include_str!("snippets/authlib.py"),
                include_str!("snippets/authlib_public.py"),
                include_str!("snippets/authlib_machine.py"),
            ),
        },
        Snippet {
            library: "openidconnect",
            platform: "Rust",
            install: "cargo add openidconnect",
            code: pick(
                include_str!("snippets/openidconnect.rs.txt"),
                include_str!("snippets/openidconnect_public.rs.txt"),
                include_str!("snippets/openidconnect_machine.rs.txt"),
            ),
        },
    ];
    let frameworks = FRAMEWORKS.iter().filter(|framework| framework.kind == application.kind);
    all.extend(frameworks.map(|framework| Snippet {
        library: framework.library,
        platform: framework.platform,
        install: framework.install,
        code: if framework.dollars { values.without_dollars() } else { values.clone() }.fill(framework.code),
    }));
    all
}

/// Code for one kind of application.
struct Framework {
    kind: ApplicationType,
    library: &'static str,
    platform: &'static str,
    install: &'static str,
    code: &'static str,
    /// Whether a dollar sign between double quotes means something in its language.
    dollars: bool,
}

const FRAMEWORKS: [Framework; 8] = [
    Framework {
        kind: ApplicationType::Web,
        library: "Auth.js",
        platform: "Next.js",
        install: "npm install next-auth@beta",
        code: include_str!("snippets/authjs.ts"),
        dollars: false,
    },
    Framework {
        kind: ApplicationType::Web,
        library: "Spring Security",
        platform: "Java, Spring Boot",
        install: "implementation(\"org.springframework.boot:spring-boot-starter-oauth2-client\")",
        code: include_str!("snippets/spring.java.txt"),
        dollars: false,
    },
    Framework {
        kind: ApplicationType::Web,
        library: "ASP.NET Core",
        platform: "C#",
        install: "dotnet add package Microsoft.AspNetCore.Authentication.OpenIdConnect",
        code: include_str!("snippets/aspnet.cs.txt"),
        dollars: false,
    },
    Framework {
        kind: ApplicationType::Web,
        library: "Authlib",
        platform: "Python, Django",
        install: "pip install authlib django requests",
        code: include_str!("snippets/django.py"),
        dollars: false,
    },
    Framework {
        kind: ApplicationType::Web,
        library: "OpenID-Connect-PHP",
        platform: "PHP, Laravel",
        install: "composer require jumbojett/openid-connect-php",
        code: include_str!("snippets/laravel.php.txt"),
        dollars: true,
    },
    Framework {
        kind: ApplicationType::Spa,
        library: "oidc-client-ts",
        platform: "React, Vue, Angular",
        install: "npm install oidc-client-ts",
        code: include_str!("snippets/oidc_client_ts.ts"),
        dollars: false,
    },
    Framework {
        kind: ApplicationType::Native,
        library: "flutter_appauth",
        platform: "Flutter",
        install: "flutter pub add flutter_appauth",
        code: include_str!("snippets/flutter.dart.txt"),
        dollars: true,
    },
    Framework {
        kind: ApplicationType::Native,
        library: "AppAuth",
        platform: "Android, Kotlin",
        install: "implementation(\"net.openid:appauth:0.11.1\")",
        code: include_str!("snippets/appauth.kt.txt"),
        dollars: true,
    },
];

/// What is filled in.
#[derive(Clone)]
struct Values {
    issuer: String,
    client_id: String,
    redirect_uri: String,
    plain_http: bool,
}

impl Values {
    fn of(issuer: &str, application: &Application) -> Self {
        Self {
            issuer: literal(issuer),
            client_id: literal(&application.client_id.to_string()),
            redirect_uri: literal(application.redirect_uris.first().map_or(SAMPLE_REDIRECT, String::as_str)),
            plain_http: issuer.starts_with("http://"),
        }
    }

    /// For languages in which a dollar sign between double quotes begins a name.
    fn without_dollars(&self) -> Self {
        let plain = |text: &str| text.replace('$', "\\$");
        Self {
            issuer: plain(&self.issuer),
            client_id: plain(&self.client_id),
            redirect_uri: plain(&self.redirect_uri),
            plain_http: self.plain_http,
        }
    }

    fn fill(&self, template: &str) -> String {
        // openid-client refuses plain http unless told; a development issuer is plain http.
        let plain = |told: &'static str| if self.plain_http { told } else { "" };
        template
            .replace("@OPTIONS@", plain(",\n  { execute: [client.allowInsecureRequests] }"))
            .replace("@DOTNET@", plain("\n        options.RequireHttpsMetadata = false; // for development alone"))
            .replace("@DART@", plain("\n    allowInsecureConnections: true, // for development alone"))
            .replace("@ISSUER@", &self.issuer)
            .replace("@CLIENT_ID@", &self.client_id)
            .replace("@REDIRECT_URI@", &self.redirect_uri)
    }
}

/// Text as it may stand between double quotes in JavaScript, Python and Rust alike.
fn literal(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).fold(String::with_capacity(text.len()), |mut out, c| {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
        out
    })
}

#[cfg(test)]
mod tests {
    use polder_kernel::Id;
    use polder_tenant_api::{Access, Preferences, Profile, TokenEndpointAuthMethod};

    use super::*;

    fn application(kind: ApplicationType, redirect_uri: &str) -> Application {
        Application {
            client_id: Id::from_bytes([7; 16]),
            name: "Coach".to_owned(),
            profile: Profile::Default,
            kind,
            token_endpoint_auth_method: TokenEndpointAuthMethod::ClientSecretBasic,
            jwks: None,
            redirect_uris: vec![redirect_uri.to_owned()],
            post_logout_redirect_uris: vec![],
            grant_types: vec![],
            third_party: false,
            access: Access::Everyone,
            preferences: Preferences::default(),
            disabled: false,
            registered_with: None,
            created_at: String::new(),
            updated_at: String::new(),
        }
    }

    #[test]
    fn snippets_are_filled_in_and_take_the_secret_from_a_file() {
        for (kind, secret) in [
            (ApplicationType::Web, true),
            (ApplicationType::Spa, false),
            (ApplicationType::Native, false),
            (ApplicationType::Machine, true),
        ] {
            let application = application(kind, "https://app.example.test/callback");
            let snippets = snippets("https://coach.example.test", &application);
            let more = match kind {
                ApplicationType::Web => 5,
                ApplicationType::Spa => 1,
                ApplicationType::Native => 2,
                ApplicationType::Machine => 0,
            };
            assert_eq!(snippets.len(), 3 + more);
            for Snippet { library, code, .. } in snippets {
                assert!(code.contains("https://coach.example.test"), "{library}");
                assert!(code.contains(&application.client_id.to_string()), "{library}");
                assert_eq!(code.contains("https://app.example.test/callback"), kind != ApplicationType::Machine);
                assert_eq!(code.contains("OIDC_CLIENT_SECRET_FILE"), secret, "{library} {kind:?}");
                assert!(!code.contains("allowInsecureRequests"), "{library}");
                assert!(!code.contains("for development alone"), "{library}");
                let marks = ["@ISSUER", "@CLIENT", "@REDIRECT", "@OPTIONS", "@DOTNET", "@DART"];
                assert!(!marks.iter().any(|left| code.contains(left)));
            }
        }
    }

    #[test]
    fn f18_a_value_cannot_end_its_string() {
        let application = application(ApplicationType::Web, "https://app.example.test/\");process.exit(\"\\\n");
        for Snippet { code, library, .. } in snippets("http://practice.localhost:8600", &application) {
            assert!(code.contains(r#"https://app.example.test/\");process.exit(\"\\""#), "{library}: {code}");
        }
    }

    #[test]
    fn f18_a_dollar_sign_begins_no_name() {
        for kind in [ApplicationType::Web, ApplicationType::Native] {
            let application = application(kind, "https://app.example.test/${system(1)}");
            for Snippet { code, platform, .. } in snippets("https://coach.example.test", &application) {
                let begins = ["PHP", "Flutter", "Kotlin"].iter().any(|language| platform.contains(language));
                assert_eq!(code.contains("\\${system(1)}"), begins, "{platform}: {code}");
            }
        }
    }

    #[test]
    fn a_development_issuer_is_told_to_openid_client() {
        let application = application(ApplicationType::Web, "http://localhost:3000/callback");
        assert!(snippets("http://practice.localhost:8600", &application)[0].code.contains("allowInsecureRequests"));
    }
}
