// Support: the user's wish to stop (Ctrl-C, SIGTERM) as a flag that long work looks at. Knows no
// work.
#pragma once

namespace sepconv::support {

/// Whether a stop was asked for. Long loops end early, leave nothing half-written and return.
[[nodiscard]] bool interrupted();
/// Asks for a stop; safe in a signal handler.
void interrupt();
/// Forgets the wish.
void clear_interrupt();
/// Lets SIGINT and SIGTERM set the flag; a second one ends the process at once.
void catch_interrupts();

}  // namespace sepconv::support
