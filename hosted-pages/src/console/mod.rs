//! The pages of the console.
//!
//! What they show comes as the wire types of `polder-tenant-api`, as the tenant answered them. Paths
//! that the pages link and post to, every form with a hidden `csrf`:
//!
//! | path | |
//! | --- | --- |
//! | `GET /?q=&state=&sort=&cursor=` | [`TenantList`], or [`SignedOut`] |
//! | `GET /problems`, `GET /problems/{code}` | [`ProblemKinds`] |
//! | `GET /usage?from=&to=&cursor=`, `GET /usage.csv` | [`UsageOfAll`] |
//! | `GET /search?q=`, `GET /shortcuts` | [`Search`], [`Shortcuts`] |
//! | `GET /search/entries?q=&at=` | what [`destinations`] finds, as JSON, for `palette.js` |
//! | `GET /signin`, `POST /signout` | start and end of a session |
//! | `GET /invitation`, `POST /invitation` | [`Invitation`]: `token`, `name`, `email`, `organisation` |
//! | `GET /signup`, `POST`, `GET /signup/{token}`, `POST /signup/confirm` | [`SignUp`]: `email`; `token`, `name`, `organisation` |
//! | `GET /tenants/new`, `POST /tenants` | [`TenantNew`]: `name`, `slug` |
//! | `GET /tenants/{slug}` | [`TenantOverview`] |
//! | `POST /tenants/{slug}/life` | `action`: `suspend`, `resume`, `sleep`, `wake`, `restart`, `rotate-database` |
//! | `POST /tenants/{slug}/end` | `action`: `terminate`, `undo`, `destroy`; `confirm` holds the slug |
//! | `GET /tenants/{slug}/progress`, `GET /tenants/{slug}/events` | [`TenantProgress`], and its news as server-sent events |
//! | `GET /tenants/{slug}/applications`, `POST` | [`Applications`]; [`ApplicationNew`]: `name`, `type`, `redirect_uris`, `post_logout_redirect_uris`, `access`, `role`, `profile`, `jwks` |
//! | `GET /tenants/{slug}/applications/new` | [`ApplicationNew`] |
//! | `GET /tenants/{slug}/applications/{id}`, `POST` | [`Application`]: the fields of `ApplicationNew` without `type`, `profile` and `jwks`, and `passkeys`, `second_factor`, `jwks`, `jwks_uri`, `backchannel_logout_uri`, `apis`, `scopes` and those of [`TokenForm`] |
//! | `GET /tenants/{slug}/applications/{id}/errors` | [`ApplicationErrors`] |
//! | `POST /tenants/{slug}/applications/{id}/try`, `GET /try-out/callback` | `scope`, `anew`; what came of it: [`TryOut`] |
//! | `POST /tenants/{slug}/applications/{id}/secrets` | another secret: [`ApplicationCreated`] |
//! | `POST /tenants/{slug}/applications/{id}/secrets/remove` | `secret` |
//! | `POST /tenants/{slug}/applications/{id}/disable`, `…/enable`, `…/delete` | |
//! | `GET /tenants/{slug}/users?found=&role=&state=&sort=`, `POST` | [`Users`]: `email`, `name`, `roles` |
//! | `POST /tenants/{slug}/users/find` | `q`, `role`, `state`, `sort`: leads to that list |
//! | `GET /tenants/{slug}/users/export?…` | the list as a file |
//! | `GET /tenants/{slug}/users/imports`, `POST` | [`UserImports`]: `file`, `existing`, `skip_wrong`, `invite` |
//! | `GET /tenants/{slug}/users/imports/{id}`, `POST …/cancel` | [`UserImportPage`] |
//! | `GET /tenants/{slug}/users/{id}`, `POST` | [`Person`]: `email`, `name`, `roles`, `locale`, `field-…` |
//! | `POST /tenants/{slug}/users/{id}/disable`, `…/enable`, `…/roles`, `…/invite`, `…/sessions/end` | |
//! | `POST /tenants/{slug}/users/{id}/passkeys/remove`, `…/authenticator-app/remove` | `passkey` |
//! | `POST /tenants/{slug}/users/{id}/applications/withdraw`, `…/accounts/disconnect` | `application`; `account` |
//! | `POST /tenants/{slug}/users/{id}/data` | what is kept about them, as a file |
//! | `GET /tenants/{slug}/users/{id}/erase`, `POST` | [`UserErase`] |
//! | `GET /tenants/{slug}/messages?state=&user_id=` | [`Messages`] |
//! | `POST /tenants/{slug}/sessions/{id}/end` | `user_id` says whose page to go back to |
//! | `GET /tenants/{slug}/audit?action=&actor_kind=&user_id=&application_id=&from=&to=&sort=&cursor=`, `…/audit.csv`, `….ndjson` | [`Audit`] |
//! | `GET /tenants/{slug}/audit/verification` | [`AuditVerified`] |
//! | `GET /tenants/{slug}/usage?from=&to=`, `…/usage.csv`, `…/usage-months.csv` | [`Usage`] |
//! | `GET /tenants/{slug}/connections` | [`Connections`] |
//! | `GET /tenants/{slug}/connections/new?provider=`, `POST /tenants/{slug}/connections` | [`ConnectionNew`]: `provider` and the fields of [`ConnectionForm`] |
//! | `GET /tenants/{slug}/connections/{id}` | [`Connection`] |
//! | `POST /tenants/{slug}/connections/{id}/check`, `…/hosts`, `…/secret` | [`Connection`]; `hosts`: one per line; `client_secret` |
//! | `POST /tenants/{slug}/connections/{id}/disable`, `…/enable`, `…/remove` | |
//! | `POST /tenants/{slug}/applications/{id}/undo`, `POST /tenants/{slug}/egress/undo` | `undo`: what was sealed, see [`Undo`] |
//! | `GET /tenants/{slug}/egress`, `POST` | [`Egress`]: `host` |
//! | `POST /tenants/{slug}/egress/{id}/remove` | |
//! | `GET /tenants/{slug}/sign-in`, `POST` | [`Policies`]: `passkeys`, `second_factor`, `sign_up`, `sign_up_domains`, `session_idle_seconds`, `session_absolute_seconds`, `recovery_wait_hours` |
//! | `POST /tenants/{slug}/users/{id}/reset-factors` | |
//! | `GET /tenants/{slug}/branding?show=&in=&look=`, `POST` | [`Branding`]: its choices |
//! | `GET /tenants/{slug}/branding/preview`, `…/preview.css` | a [`Specimen`] and its colours, in a frame of that page |
//! | `POST /tenants/{slug}/branding/logo`, `…/logo/remove` | `logo`: a file |
//! | `GET /tenants/{slug}/keys`, `POST` | [`Keys`]: `action`: `signing`, `data`, `seal`, `emergency`; `confirm` holds the slug |
//! | `GET /tenants/{slug}/apis`, `POST`, `POST …/{name}`, `POST …/{name}/remove` | [`Apis`]: `word`, `identifier`, `title` |
//! | `GET /tenants/{slug}/registration`, `POST` | [`Registration`]: `registration`, `registration_limit` |
//! | `POST /tenants/{slug}/registration/tokens`, `POST …/{id}/remove` | [`Registration`]: `name`, `uses`, `expires_in_seconds`, `scopes` |
//! | `GET /tenants/{slug}/users/{id}/attempts` | [`Attempts`] |
//! | `GET /tenants/{slug}/profile-fields`, `POST` | [`ProfileFields`]; [`ProfileFieldPage`]: `word` and the fields of [`FieldForm`] |
//! | `GET /tenants/{slug}/profile-fields/new`, `GET …/{name}`, `POST`, `POST …/{name}/remove` | [`ProfileFieldPage`] |
//! | `POST /tenants/{slug}/profile-fields/{name}/move` | `to`: `up`, `down` |
//! | `GET /tenants/{slug}/lockouts?user_id=`, `POST …/{id}/lift` | [`Lockouts`] |
//! | `GET /tenants/{slug}/blocklists`, `POST`, `POST …/{name}/remove` | [`Blocklists`]: `list`, `format`, `action`, `content` or a file |
//! | `GET /tenants/{slug}/logouts?state=&application_id=&sort=&cursor=`, `POST …/{id}/retry` | [`Logouts`] |
//! | `GET /tenants/{slug}/settings`, `POST` | [`General`] |
//! | `GET /api-keys`, `POST` | [`ApiKeys`]: the fields of [`ApiKeyForm`] |
//! | `GET /api-keys/{id}`, `POST`, `POST /api-keys/{id}/revoke` | [`ApiKeyPage`]: the same fields |
//! | `GET /members?sort=&cursor=`, `POST` | [`Members`]: `email`, `role` |
//! | `GET /members/{id}`, `POST /members/{id}/role`, `…/remove` | [`MemberPage`]: `role` |
//! | `POST /invitations/{id}/resend`, `…/revoke` | [`Members`] |
//! | `GET /tenants/{slug}/users/imports/{id}/events` | what [`UserImportPage`] listens to |
//! | `GET /organisation`, `POST`, `POST /organisation/leave` | [`Organisation`]: `name` |
//! | `POST /organisation/staff-access/{id}/end` | |
//! | `GET /audit?action=&actor_id=&cursor=` | [`Trail`] |

mod actions;
mod api_keys;
mod apis;
mod application;
mod application_errors;
mod applications;
mod attempts;
mod attention;
mod audit;
mod blocklists;
mod branding;
mod connections;
mod door;
mod egress;
mod form;
mod general;
mod headings;
mod keys;
mod lockouts;
mod logouts;
mod members;
mod messages;
mod organisation;
mod people;
mod person;
mod policies;
mod problem_kinds;
mod profile_fields;
mod progress;
mod registration;
mod roles;
mod search;
mod section;
mod shell;
pub mod snippets;
mod tenants;
mod tokens;
mod try_out;
mod undo;
mod usage;
mod user_imports;
mod walls;

pub use actions::ACTIONS;
pub(crate) use actions::{actor as actor_words, words as action_words};
pub use api_keys::{ApiKey, ApiKeyForm, ApiKeyPage, ApiKeys, EXPIRIES};
pub use apis::{ApiForm, Apis};
pub use application::Application;
pub use application_errors::ApplicationErrors;
pub(crate) use applications::kind_label;
pub use applications::{ApplicationCreated, ApplicationForm, ApplicationNew, Applications};
pub use attempts::Attempts;
pub use attention::ToDo;
pub use audit::{Audit, AuditAsked, AuditVerified};
pub use blocklists::{BlocklistForm, Blocklists};
pub(crate) use branding::text as branding_text;
pub use branding::{Branding, Dressed, Specimen, branding_field, branding_problem};
pub(crate) use connections::provider_label;
pub use connections::{Connection, ConnectionForm, ConnectionNew, Connections};
pub use door::{ErrorPage, Invitation, NoAccess, NoAccessReason, SignUp, SignUpStep, SignedOut};
pub use egress::{Egress, EgressRule};
pub use form::{FieldProblem, Problem};
pub use general::General;
pub use headings::Sorting;
pub use keys::Keys;
pub use lockouts::Lockouts;
pub use logouts::Logouts;
pub use members::{InvitationRow, MemberPage, MemberRow, Members};
pub use messages::Messages;
pub(crate) use messages::{kind_label as message_kind, state_label as message_state, state_look as message_look};
pub use organisation::{GrantRow, Organisation, Trail, TrailRow};
pub use people::{LookedFor, UserErase, Users};
pub use person::{Person, PersonField, PersonUndo, yes_and_no};
pub use policies::Policies;
pub use problem_kinds::{ProblemKind, ProblemKinds};
pub use profile_fields::{FieldForm, ProfileFieldPage, ProfileFields};
pub use progress::{Outcome, Step, StepStatus, TenantProgress};
pub use registration::{Registration, TokenWish};
pub use roles::{MatrixRow, ROLES, is_permission, is_role};
pub(crate) use roles::{permission_label, role_help, role_label};
pub use search::{Destination, Search, Shortcuts, destinations};
pub use section::{Group, Section};
pub use shell::{May, Member, Notice, Shell, TenantHead, TenantState};
pub use tenants::{Glance, ListAsked, TenantList, TenantNew, TenantOverview, TenantRow};
pub use tokens::TokenForm;
pub use try_out::{TryOut, TryOutShown};
pub use undo::{Done, Undo};
pub(crate) use usage::state as usage_state;
pub use usage::{Figure, SignInChart, Usage, UsageOfAll, UsageRow};
pub use user_imports::{ImportTrouble, UserImportPage, UserImports};
pub(crate) use user_imports::{import_label, import_look};
