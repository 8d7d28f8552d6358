namespace ECapture.Pcapng;

/// <summary>Section "Decryption Secrets Block".</summary>
/// <param name="Offset">Offset in bytes.</param>
/// <param name="Options">Its options.</param>
/// <param name="SecretsType">0x544c534b: TLS key log.</param>
/// <param name="Data">The secrets, in the form of their type.</param>
public sealed record DecryptionSecretsBlock(long Offset, PcapngOptions Options, uint SecretsType, ReadOnlyMemory<byte> Data)
    : PcapngBlock(Offset, Options);
