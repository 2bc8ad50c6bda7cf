"""The words of a post: three fragments in its language, with mentions and tags."""

from collections.abc import Sequence

_FRAGMENTS: dict[str, tuple[Sequence[str], Sequence[str], Sequence[str]]] = {
    "pt": (
        ("Hoje", "Acabei de ver", "Alguém mais viu", "Não acredito:", "Que dia,", "Bom dia!", "Olha só", "Enfim"),
        (
            "o trânsito parado",
            "esse gol",
            "a fila do café",
            "o céu de São Paulo",
            "a votação",
            "meu time",
            "a nova temporada",
            "o preço do pão",
        ),
        ("de novo.", "que loucura!", "e nem é sexta...", "valeu a pena ❤️", "kkkk", "e agora?", "🔥🔥", "até amanhã."),
    ),
    "en": (
        ("Today", "Just saw", "Anyone else noticed", "Can't believe", "What a day,", "Good morning!", "Look at", "So"),
        (
            "this queue",
            "that goal",
            "the new season",
            "the sky tonight",
            "the vote",
            "my team",
            "the latest release",
            "coffee prices",
        ),
        ("again.", "unreal!", "and it's only Monday...", "worth it ❤️", "lol", "what now?", "🚀", "see you."),
    ),
    "es": (
        ("Hoy", "Acabo de ver", "¿Alguien vio", "No lo creo:", "Qué día,", "¡Buenos días!", "Mira", "Por fin"),
        ("este tráfico", "ese gol", "la cena", "el cielo", "la votación", "mi equipo", "la serie nueva", "el mercado"),
        ("otra vez.", "¡qué locura!", "y es lunes...", "valió la pena ❤️", "jajaja", "¿y ahora?", "🎉", "hasta mañana."),
    ),
    "de": (
        ("Heute", "Gerade gesehen:", "Guten Morgen!", "Endlich"),
        ("dieser Stau", "das Spiel", "der Kaffee", "die Wahl"),
        ("schon wieder.", "unglaublich!", "schön 🌞", "bis später."),
    ),
    "ja": (
        ("今日は", "さっき見た", "おはよう!", "やっと"),
        ("この渋滞", "あのゴール", "新しい曲", "空の色"),
        ("すごい。", "またか…", "最高 🎌", "ではまた。"),
    ),
    "ar": (
        ("اليوم", "رأيت الآن", "صباح الخير!", "أخيرا"),
        ("هذا الهدف", "الزحام", "القهوة", "المسلسل الجديد"),
        ("مرة أخرى.", "رائع!", "😂", "إلى الغد."),
    ),
}


def write_text(lang: str, tags: Sequence[str], handles: Sequence[str], word: int) -> str:
    """A short text in a language; the tags and handles given are written into it."""
    openings, middles, endings = _FRAGMENTS[lang]
    parts = [openings[word % len(openings)], middles[(word >> 6) % len(middles)]]
    parts += [f"@{handle}" for handle in handles]
    parts.append(endings[(word >> 12) % len(endings)])
    parts += [f"#{tag}" for tag in tags]
    if handles and word >> 20 & 3 == 0:
        parts.insert(0, parts.pop(2))  # as in a reply: the handle comes first
    return " ".join(parts)
