//! The pages a tenant shows to the people who sign in.
//!
//! ```text
//! SignInEmail -> SignInCode -> SecondStep (where there is one) -> ProvePasskey or MakeFactor (where more is asked for) -> FirstName (once) -> OfferPasskey (now and then) -> the application
//!                              ContinueAs (public clients with a session) -> the application
//! MakeRoom (as many sessions as one may have) -> FirstName
//! ChooseAccount (several people signed in on this browser) -> the application, or SignInEmail
//!                              Consent (applications of others) -> the application
//!                              ConnectAccount (an account at an outside provider waits)
//!                              NotAllowed (the application is not for this person)
//! ProveWork comes between the first two when a lot is going on.
//! FormPost carries the answer to applications that want a form.
//! ```
//! Forms post to the path their struct names, with hidden `csrf` and `flow`. Pages that can use
//! passkeys have one script and work without it, and so do the ones that ask for work and carry an answer; no
//! other has any.

mod consent;
mod device;
mod factors;
mod failure;
mod form_post;
mod home;
mod lost;
mod passkeys;
mod prove_work;
mod providers;
mod room;
mod second_step;
mod sign_in;
mod sign_out;

pub use consent::{Asked, CONSENT_TEXT, Consent};
pub use device::{DeviceConfirm, DeviceDone, DeviceEnter, DeviceError};
pub use factors::{MakeFactor, ProvePasskey, SetUpApp, TakeCodes};
pub use failure::{ErrorKind, ErrorPage, Expired, NotAllowed};
pub use form_post::FormPost;
pub use home::{Home, Person};
pub use lost::{Lost, LostPasskey, LostState, StopWayBack};
pub use passkeys::{AccountPasskey, AccountPasskeys, OfferPasskey, PasskeyProblem, Signals};
pub use prove_work::ProveWork;
pub use providers::{
    ConnectAccount, Connected, ConnectedAccounts, ConnectedNews, OnTheWay, ProviderButton, ProviderTrouble,
    WaitingAccount,
};
pub use room::{MakeRoom, RoomTaken};
pub use second_step::{SecondStep, SecondStepError};
pub use sign_in::{
    AccountChoice, ChooseAccount, CodeError, ContinueAs, EmailError, FirstName, NameError, SignInCode, SignInEmail,
};
pub use sign_out::{SignOutConfirm, SignedOut};
