//! What a person sees once everything answers.

use polder_kernel::Secret;

use crate::app::App;
use crate::provision::desired::COACHES;

/// Prints the addresses, who can sign in, where codes arrive, and the way to become the owner.
pub fn print(app: &App, invitation: Option<&Secret<String>>) {
    println!("{}", text(app, invitation));
}

fn text(app: &App, invitation: Option<&Secret<String>>) -> String {
    let settings = &app.settings;
    let coaches = COACHES.map(|(email, _)| email).join(" or ");
    let console = settings.console();
    let owner = invitation.map_or_else(
        || format!("  Console     {console}\n"),
        |token| {
            format!(
                "  Console     {console}\n              become its owner, once, within a day:\n              \
                 {console}/invitation/{}\n",
                token.expose()
            )
        },
    );
    format!(
        "\nPolder is running.\n\n{owner}  Coaching    {}/coach    sign in as {coaches}\n              \
         {}/portal   for clients a coach invited\n  Mailbox     {}    codes and invitations arrive here\n  \
         API         {}    key in {}\n\nCtrl-C stops everything; the next start goes on from here.\n",
        settings.coaching(),
        settings.coaching(),
        settings.mailbox(),
        settings.api(),
        settings.layout.dev_json().display(),
    )
}
