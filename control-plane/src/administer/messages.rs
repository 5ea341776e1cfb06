//! What a tenant sent and means to send.

use polder_tenant_api::{ByCreation, Message, MessageId, MessageState, Page};

use super::{On, Part, Refused, target};

/// A page of the log in an order; of one person and one state where they are named.
pub async fn list(
    on: &On,
    (user, state, order): (Option<&str>, Option<MessageState>, ByCreation),
    part: &Part,
) -> Result<Page<Message>, Refused> {
    let pairs = [("user_id", user), ("state", state.map(MessageState::as_str)), ("sort", order.asked())];
    on.ask(&target("/messages", &pairs, part)).await
}

/// One of them.
pub async fn show(on: &On, id: MessageId) -> Result<Message, Refused> {
    on.ask(&format!("/messages/{id}")).await
}
