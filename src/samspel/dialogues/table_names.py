"""What tables are called: places of a town, so that nobody sits at table one. One list for each language."""

from collections.abc import Collection


def _listed(text: str) -> tuple[str, ...]:
    return tuple(" ".join(name.split()) for name in text.split(","))


NAMES: dict[str, tuple[str, ...]] = {
    "sv": _listed(
        """
        Eldkvarn, Slussen, Spinneriet, Kvarnhjulet, Lyktan, Strömmen, Bron, Torget, Fyren, Hamnen, Bryggan,
        Ängen, Lunden, Källan, Smedjan, Bageriet, Stationen, Klockan, Trappan, Porten, Magasinet, Varvet,
        Parken, Allén, Backen, Forsen, Dammen, Holmen, Udden, Viken, Åsen, Dalen, Gläntan, Eken, Linden,
        Björken, Rönnen, Syrenen, Trädgården, Växthuset, Biblioteket, Skolan, Teatern, Museet, Rådhuset,
        Vattentornet, Gasverket, Färjan, Ankaret, Kajen, Brunnen, Fontänen, Spången, Stigen, Gränden, Gården,
        Logen, Ladan, Sågen, Hyttan, Tegelbruket, Pappersbruket, Garveriet, Mejeriet
        """
    ),
    "da": _listed(
        """
        Møllen, Slusen, Spinderiet, Møllehjulet, Lygten, Strømmen, Broen, Torvet, Fyret, Havnen, Bryggen, Engen,
        Lunden, Kilden, Smedjen, Bageriet, Stationen, Uret, Trappen, Porten, Pakhuset, Værftet, Parken, Alléen,
        Bakken, Åen, Dammen, Holmen, Odden, Vigen, Åsen, Dalen, Lysningen, Egen, Linden, Birken, Rønnen,
        Syrenen, Haven, Drivhuset, Biblioteket, Skolen, Teatret, Museet, Rådhuset, Vandtårnet, Gasværket,
        Færgen, Ankeret, Kajen, Brønden, Springvandet, Stien, Gyden, Gården, Laden, Savværket, Teglværket,
        Papirfabrikken, Mejeriet, Marken, Skoven
        """
    ),
    "en": _listed(
        """
        The Mill, The Lock, The Spinnery, The Wheel, The Lantern, The Stream, The Bridge, The Square, The
        Lighthouse, The Harbour, The Jetty, The Meadow, The Grove, The Spring, The Smithy, The Bakery, The
        Station, The Clock, The Stairs, The Gate, The Warehouse, The Shipyard, The Park, The Avenue, The Hill,
        The Rapids, The Pond, The Islet, The Point, The Bay, The Ridge, The Valley, The Glade, The Oak, The
        Linden, The Birch, The Rowan, The Lilac, The Garden, The Greenhouse, The Library, The School, The
        Theatre, The Museum, The Town Hall, The Water Tower, The Gasworks, The Ferry, The Anchor, The Quay, The
        Well, The Fountain, The Footbridge, The Path, The Lane, The Yard, The Barn, The Sawmill, The Brickworks,
        The Dairy, The Field, The Forest
        """
    ),
}


def next_name(language: str, taken: Collection[str]) -> str:
    """The first name that is free; from the second time through the list with a number."""
    names = NAMES.get(language, NAMES["sv"])
    lap = 1
    while True:
        for name in names:
            full = name if lap == 1 else f"{name} {lap}"
            if full not in taken:
                return full
        lap += 1
