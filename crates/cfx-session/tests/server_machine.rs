//! The server machine (SPEC stages A to I, SERVER, SEC), driven input by input on a virtual clock.

mod server;
