//! State machines in odd places: without a prelude, in a function, with names that the macros use themselves.

#![no_implicit_prelude]
#![deny(warnings)]

use ::otp_core::{call, cast};

/// The enum in one module, its impl in another.
mod apart {
    pub mod states {
        #[::otp_core::gen_statem]
        pub enum Lamp {
            #[initial]
            Off,
            On(u32),
        }
    }

    use self::states::{Lamp, LampRef, LampState};
    use ::otp_core::{call, cast};

    #[::otp_core::gen_statem]
    impl Lamp {
        #[on(Off)]
        #[cast]
        pub fn press(self) -> To![On] {
            To::On(1)
        }

        #[on(On(times))]
        #[cast]
        pub fn press(&mut self) {
            *times += 1;
        }

        #[on(On(times))]
        #[call]
        pub async fn off(self) -> (To![Off], u32) {
            (To::Off, times)
        }

        #[on(Off)]
        #[call]
        pub fn off(&self) -> u32 {
            0
        }
    }
}

fn in_a_function() -> impl ::core::future::Future<Output = ()> {
    #[::otp_core::gen_statem]
    enum Local {
        #[initial]
        Slot,
        Actions {
            state: u8,
            actions: u8,
        },
    }

    #[::otp_core::gen_statem(postpone(event: Slot))]
    impl Local {
        #[on(Slot)]
        #[cast]
        fn slot(self, state: u8, actions: u8) -> To![Actions] {
            To::Actions { state, actions }
        }

        #[on(Actions)]
        #[cast]
        fn slot(&self, _state: u8, _actions: u8) {}

        #[on(Actions { state, actions })]
        #[call]
        fn event(self) -> (To![Slot], (u8, u8)) {
            (To::Slot, (state, actions))
        }
    }

    async {
        let local = Local::start_link().await;
        let ::core::result::Result::Ok(local) = local else {
            ::std::panic!("it starts");
        };
        local.slot(1, 2);
        ::std::assert_eq!(local.event().await, ::core::result::Result::Ok((1, 2)));
    }
}

pub fn main() {
    ::otp_core::doc_test(async {
        in_a_function().await;
        let lamp = apart::states::Lamp::start_link().await;
        let ::core::result::Result::Ok(lamp) = lamp else {
            ::std::panic!("it starts");
        };
        lamp.press();
        lamp.press();
        ::std::assert_eq!(lamp.off().await, ::core::result::Result::Ok(2));
    });
}
