"""The example town of Lindvik: its rows, its made-up people, replays of meetings, and halls of phones to try with."""
