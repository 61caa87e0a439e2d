//! The game channel behind `connectOK`: both machines against each other, and the server against
//! packets that no honest client sends.

mod channel;
