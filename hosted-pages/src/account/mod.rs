//! The account pages: what people see and change of their own account. Forms post to the path their
//! struct names, with a hidden `csrf`; no page has a script.

mod activity;
mod address;
mod data;
mod grants;
mod overview;
mod preferences;
mod profile;
mod recovery;
mod second_factor;
mod section;
mod sessions;
mod shell;

pub use activity::{Activity, Happened};
pub use address::{Address, AddressCode, AddressError, AddressUndo};
pub use data::{Data, Delete};
pub use grants::{Applications, Granted};
pub use overview::Overview;
pub use preferences::Preferences;
pub use profile::Profile;
pub use recovery::{RecoveryCodes, RecoveryCodesShown, RecoverySet, recovery_file};
pub use second_factor::{AppSince, SecondFactor, SecondFactorError, SecondFactorRemove, SecondFactorSetUp};
pub use section::{SECTIONS, Section};
pub use sessions::{Method, SessionItem, Sessions};
pub use shell::{Outcome, Said, Shell, What};
