using ECapture.Sealing.Hpke;

namespace ECapture.Tests.Unit.Sealing;

/// <summary>A published exchange in base mode with DHKEM(P-256, HKDF-SHA256); values in hexadecimal digits.</summary>
/// <param name="Name">Where it is published.</param>
/// <param name="Kdf">The suite's key derivation.</param>
/// <param name="Aead">The suite's cipher.</param>
/// <param name="EphemeralPrivate">skEm.</param>
/// <param name="Encapsulated">enc, which is also pkEm.</param>
/// <param name="RecipientPrivate">skRm.</param>
/// <param name="RecipientPublic">pkRm.</param>
/// <param name="Key">key.</param>
/// <param name="BaseNonce">base_nonce.</param>
/// <param name="ExporterSecret">exporter_secret.</param>
/// <param name="Ciphertexts">ct of the sequence numbers 0, 1, 2, … as far as they are kept here.</param>
/// <param name="Exported">The 32 bytes exported for the empty context; empty: not kept here.</param>
public sealed record HpkeVector(
    string Name, HpkeKdf Kdf, HpkeAead Aead, string EphemeralPrivate, string Encapsulated, string RecipientPrivate, string RecipientPublic,
    string Key, string BaseNonce, string ExporterSecret, string[] Ciphertexts, string Exported)
{
    /// <summary>info: "Ode on a Grecian Urn".</summary>
    public const string Info = "4f6465206f6e2061204772656369616e2055726e";

    /// <summary>pt: "Beauty is truth, truth beauty".</summary>
    public const string Plaintext = "4265617574792069732074727574682c20747275746820626561757479";

    /// <summary>Those of RFC 9180, appendix A, with P-256; and of the set it was published with the one of the suite that this program uses.</summary>
    public static TheoryData<string> Names => [.. s_all.Select(v => v.Name)];

    private static readonly HpkeVector[] s_all =
    [
        new(
            "A.3.1", HpkeKdf.HkdfSha256, HpkeAead.Aes128Gcm,
            "4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb",
            "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
            "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2",
            "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0",
            "868c066ef58aae6dc589b6cfdd18f97e",
            "4e0bc5018beba4bf004cca59",
            "14ad94af484a7ad3ef40e9f3be99ecc6fa9036df9d4920548424df127ee0d99f",
            [
                "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434",
                "fa6f037b47fc21826b610172ca9637e82d6e5801eb31cbd3748271affd4ecb06646e0329cbdf3c3cd655b28e82",
                "895cabfac50ce6c6eb02ffe6c048bf53b7f7be9a91fc559402cbc5b8dcaeb52b2ccc93e466c28fb55fed7a7fec",
            ],
            "5e9bc3d236e1911d95e65b576a8a86d478fb827e8bdfe77b741b289890490d4d"),
        new(
            "A.4.1", HpkeKdf.HkdfSha512, HpkeAead.Aes128Gcm,
            "2292bf14bb6e15b8c81a0f45b7a6e93e32d830e48cca702e0affcfb4d07e1b5c",
            "0493ed86735bdfb978cc055c98b45695ad7ce61ce748f4dd63c525a3b8d53a15565c6897888070070c1579db1f86aaa56deb8297e64db7e8924e72866f9a472580",
            "3ac8530ad1b01885960fab38cf3cdc4f7aef121eaa239f222623614b4079fb38",
            "04085aa5b665dc3826f9650ccbcc471be268c8ada866422f739e2d531d4a8818a9466bc6b449357096232919ec4fe9070ccbac4aac30f4a1a53efcf7af90610edd",
            "090ca96e5f8aa02b69fac360da50ddf9",
            "9c995e621bf9a20c5ca45546",
            "4a7abb2ac43e6553f129b2c5750a7e82d149a76ed56dc342d7bca61e26d494f4855dff0d0165f27ce57756f7f16baca006539bb8e4518987ba610480ac03efa8",
            [
                "d3cf4984931484a080f74c1bb2a6782700dc1fef9abe8442e44a6f09044c88907200b332003543754eb51917ba",
                "d14414555a47269dfead9fbf26abb303365e40709a4ed16eaefe1f2070f1ddeb1bdd94d9e41186f124e0acc62d",
                "9bba136cade5c4069707ba91a61932e2cbedda2d9c7bdc33515aa01dd0e0f7e9d3579bf4016dec37da4aafa800",
            ],
            ""),
        new(
            "A.5.1", HpkeKdf.HkdfSha256, HpkeAead.ChaCha20Poly1305,
            "7550253e1147aae48839c1f8af80d2770fb7a4c763afe7d0afa7e0f42a5b3689",
            "04c07836a0206e04e31d8ae99bfd549380b072a1b1b82e563c935c095827824fc1559eac6fb9e3c70cd3193968994e7fe9781aa103f5b50e934b5b2f387e381291",
            "a4d1c55836aa30f9b3fbb6ac98d338c877c2867dd3a77396d13f68d3ab150d3b",
            "04a697bffde9405c992883c5c439d6cc358170b51af72812333b015621dc0f40bad9bb726f68a5c013806a790ec716ab8669f84f6b694596c2987cf35baba2a006",
            "a8f45490a92a3b04d1dbf6cf2c3939ad8bfc9bfcb97c04bffe116730c9dfe3fc",
            "726b4390ed2209809f58c693",
            "4f9bd9b3a8db7d7c3a5b9d44fdc1f6e37d5d77689ade5ec44a7242016e6aa205",
            [
                "6469c41c5c81d3aa85432531ecf6460ec945bde1eb428cb2fedf7a29f5a685b4ccb0d057f03ea2952a27bb458b",
                "f1564199f7e0e110ec9c1bcdde332177fc35c1adf6e57f8d1df24022227ffa8716862dbda2b1dc546c9d114374",
                "39de89728bcb774269f882af8dc5369e4f3d6322d986e872b3a8d074c7c18e8549ff3f85b6d6592ff87c3f310c",
            ],
            "9b13c510416ac977b553bf1741018809c246a695f45eff6d3b0356dbefe1e660"),
        new(
            "test-vectors.json, mode 0, kem 16, kdf 1, aead 2", HpkeKdf.HkdfSha256, HpkeAead.Aes256Gcm,
            "90345e3a1d116c1dd39ae76d95ab858c142223a63e44f8f85318cfa91a84858e",
            "04c06b4f6bebc7bb495cb797ab753f911aff80aefb86fd8b6fcc35525f3ab5f03e0b21bd31a86c6048af3cb2d98e0d3bf01da5cc4c39ff5370d331a4f1f7d5a4e0",
            "317f915db7bc629c48fe765587897e01e282d3e8445f79f27f65d031a88082b2",
            "04abc7e49a4c6b3566d77d0304addc6ed0e98512ffccf505e6a8e3eb25c685136f853148544876de76c0f2ef99cdc3a05ccf5ded7860c7c021238f9e2073d2356c",
            "ee16802a936d5f544771131900ee6973d0551de9e852ece2ef34bf0d5f9e1d1d",
            "9bc50980832a7b4b58c40161",
            "a8e9a7e62621879fdc89cea7da8e6153458f463e2851baaf009a7461d699cfb6",
            [
                "58c61a45059d0c5704560e9d88b564a8b63f1364b8d1fcb3c4c6ddc1d291742465e902cd216f8908da49f8f96f",
                "b4e7c90d1dd62cb563694956eb517ab55d5e7d1f6366a0066c04ababaa444dbaf60a30d7bb7d3e91b969762dee",
            ],
            "7a4c2b89e1909fb0e3ca42d5040f4c2d8346dc0643d787b8474e804f8f72798e"),
    ];

    public static HpkeVector Of(string name) => s_all.Single(v => v.Name == name);

    public HpkeSuite Suite => new(Kdf, Aead);
}
