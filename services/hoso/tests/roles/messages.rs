//! Every call of the contract from its descriptors alone, with messages filled in by where their fields are.
//!
//! The architecture tests have this file too.

use std::sync::LazyLock;

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FileDescriptorSet};

static CONTRACT: LazyLock<FileDescriptorSet> =
    LazyLock::new(|| FileDescriptorSet::decode(api::DESCRIPTORS).unwrap());

/// Every call of ours, and the name of what it takes.
pub(crate) fn calls() -> Vec<(String, String)> {
    let ours = CONTRACT
        .file
        .iter()
        .filter(|file| file.package().starts_with("hoso."));
    ours.flat_map(|file| {
        file.service.iter().flat_map(|service| {
            service.method.iter().map(|method| {
                let call = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                (call, method.input_type().to_owned())
            })
        })
    })
    .collect()
}

fn message_of(name: &str) -> Option<&'static DescriptorProto> {
    CONTRACT.file.iter().find_map(|file| {
        let mut messages = file.message_type.iter();
        messages.find(|message| format!(".{}.{}", file.package(), message.name()) == name)
    })
}

/// What is filled in for a field's path, such as `change.dossier.dossier_id`, and type; a number in its digits.
type Fill<'a> = &'a dyn Fn(&str, Type) -> Option<String>;

/// A message with its texts and numbers filled in, where there is one for them.
pub(crate) fn message(name: &str, fill: Fill<'_>) -> Vec<u8> {
    within(name, "", fill)
}

fn within(name: &str, path: &str, fill: Fill<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let Some(message) = message_of(name) else {
        return bytes;
    };
    let mut chosen = Vec::new();
    for field in &message.field {
        // Of several names for one thing, the first that is filled in.
        if field
            .oneof_index
            .is_some_and(|choice| chosen.contains(&choice))
        {
            continue;
        }
        let path = format!("{path}{}", field.name());
        let number = u32::try_from(field.number()).unwrap();
        let before = bytes.len();
        let kind = field.r#type();
        let numbers = [Type::Int32, Type::Uint32, Type::Uint64, Type::Enum];
        let one = field.label() != Label::Repeated;
        if kind == Type::String {
            if let Some(text) = fill(&path, kind) {
                prefixed(&mut bytes, number, text.as_bytes());
            }
        } else if kind == Type::Message && one {
            let inner = within(field.type_name(), &format!("{path}."), fill);
            if !inner.is_empty() {
                prefixed(&mut bytes, number, &inner);
            }
        } else if numbers.contains(&kind)
            && one
            && let Some(value) = fill(&path, kind).and_then(|it| it.parse().ok())
        {
            prost::encoding::encode_varint(u64::from(number << 3), &mut bytes);
            prost::encoding::encode_varint(value, &mut bytes);
        }
        if let Some(choice) = field.oneof_index
            && bytes.len() > before
        {
            chosen.push(choice);
        }
    }
    bytes
}

fn prefixed(to: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    prost::encoding::encode_varint(u64::from(number << 3 | 2), to);
    prost::encoding::encode_varint(u64::try_from(bytes.len()).unwrap(), to);
    to.extend_from_slice(bytes);
}
