//! The fields of a record that are looked at.

use serde::Deserialize;
use serde_json::Value;

use crate::trace::events::Reason;
use crate::units::Instant;

/// One call, as CloudTrail records it:
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    #[serde(rename = "eventID")]
    pub(super) event_id: String,
    pub(super) event_time: Instant,
    event_source: String,
    pub(super) event_name: String,
    #[serde(default)]
    read_only: Option<bool>,
    #[serde(default)]
    error_code: Option<String>,
    #[serde(default)]
    recipient_account_id: Option<String>,
    #[serde(default)]
    user_identity: Option<UserIdentity>,
    #[serde(default)]
    pub(super) aws_region: String,
    #[serde(default)]
    pub(super) request_parameters: Value,
    #[serde(default)]
    pub(super) response_elements: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserIdentity {
    #[serde(default)]
    account_id: Option<String>,
}

/// The calls that change something, by the service that they are made to.
const CALLS: [(&str, &str); 10] = [
    ("ec2.amazonaws.com", "RunInstances"),
    ("ec2.amazonaws.com", "TerminateInstances"),
    ("ec2.amazonaws.com", "StopInstances"),
    ("ec2.amazonaws.com", "StartInstances"),
    ("ec2.amazonaws.com", "ModifyInstanceAttribute"),
    ("ec2.amazonaws.com", "CreateVolume"),
    ("ec2.amazonaws.com", "DeleteVolume"),
    ("ec2.amazonaws.com", "ModifyVolume"),
    ("elasticloadbalancing.amazonaws.com", "CreateLoadBalancer"),
    ("elasticloadbalancing.amazonaws.com", "DeleteLoadBalancer"),
];

impl Record {
    /// Why it says nothing of what is asked for, if it does not.
    pub(super) fn reason_to_ignore(&self) -> Option<Reason> {
        let dry_run = self.request_parameters.get("dryRun").and_then(Value::as_bool);
        if dry_run == Some(true) || self.error_code.as_deref() == Some("Client.DryRunOperation") {
            return Some(Reason::DryRun);
        }
        if self.error_code.is_some() {
            return Some(Reason::Failed);
        }
        if self.read_only == Some(true) {
            return Some(Reason::Read);
        }
        let call = (self.event_source.as_str(), self.event_name.as_str());
        (!CALLS.contains(&call)).then_some(Reason::OtherCall)
    }

    /// The account that has the resources, where the record says it.
    pub(super) fn account(&self) -> Option<&str> {
        let caller = self.user_identity.as_ref().and_then(|who| who.account_id.as_deref());
        self.recipient_account_id.as_deref().or(caller).filter(|account| !account.is_empty())
    }
}
