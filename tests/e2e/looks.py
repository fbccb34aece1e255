"""The looks of services that are due, taken now."""

import django


def main() -> None:
    django.setup()
    from django.utils.timezone import now

    from samspel.encounters import compute_looks

    compute_looks.take_due_looks(now())
    print("{}")


if __name__ == "__main__":
    main()
