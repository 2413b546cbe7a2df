//! Servers that a `macro_rules!` writes.

use otp_core::prelude::*;

macro_rules! register {
    ($(#[$attribute:meta])* $visibility:vis $server:ident($state:ty), $get:ident, $set:ident = $default:expr) => {
        $(#[$attribute])*
        #[gen_server]
        $visibility struct $server {
            value: $state,
        }

        #[gen_server]
        impl $server {
            #[init]
            fn init() -> Self {
                $server { value: $default }
            }

            #[call]
            $visibility fn $get(&self) -> $state {
                self.value.clone()
            }

            // One `value` is the macro's, the other the field's.
            #[call]
            $visibility fn $set(&mut self, value: $state) -> Option<$state> {
                Some(std::mem::replace(&mut self.value, value))
            }
        }
    };
}

register!(
    /// A text.
    pub Text(String), get, set = String::from("first")
);
register!(
    Flags(Vec<(bool, [u8; 2])>),
    flags,
    set_flags = vec![(true, [1, 2])]
);

macro_rules! result_server {
    ($server:ident, $by:ident, $answer:ty) => {
        #[gen_server]
        struct $server(i64);

        #[gen_server]
        impl $server {
            #[init]
            fn init(value: i64) -> Self {
                $server(value)
            }

            // Two parameters, which have one name but for the macro.
            #[call]
            fn divide(&mut self, by: i64, $by: i64) -> $answer {
                Ok(self.0.checked_div(by).ok_or("zero")? + $by)
            }
        }
    };
}

result_server!(Division, by, Result<i64, &'static str>);

#[otp_core::main]
pub async fn main() {
    let text = Text::start_link().await.unwrap();
    assert_eq!(
        text.set("second".to_owned()).await,
        Ok(Some("first".to_owned()))
    );
    assert_eq!(text.get().await.unwrap(), "second");
    let flags = Flags::start_link().await.unwrap();
    assert_eq!(
        flags.set_flags(Vec::new()).await.unwrap(),
        Some(vec![(true, [1, 2])])
    );
    assert!(flags.flags().await.unwrap().is_empty());
    let division = Division::start_link(6).await.unwrap();
    assert_eq!(division.divide(2, 1).await, Ok(4));
    assert_eq!(division.divide(0, 1).await, Err(CallError::Handler("zero")));
}
