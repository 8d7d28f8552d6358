namespace ECapture.Pcapng;

/// <summary>Block type codes (draft-ietf-opsawg-pcapng, section "Standardized Block Type Codes").</summary>
public enum BlockType : uint
{
    /// <summary>Interface Description Block, section "Interface Description Block".</summary>
    InterfaceDescription = 1,

    /// <summary>Packet Block, appendix "Packet Block (obsolete!)".</summary>
    ObsoletePacket = 2,

    /// <summary>Simple Packet Block.</summary>
    SimplePacket = 3,

    /// <summary>Name Resolution Block.</summary>
    NameResolution = 4,

    /// <summary>Interface Statistics Block.</summary>
    InterfaceStatistics = 5,

    /// <summary>Enhanced Packet Block.</summary>
    EnhancedPacket = 6,

    /// <summary>systemd Journal Export Block.</summary>
    SystemdJournal = 9,

    /// <summary>Decryption Secrets Block.</summary>
    DecryptionSecrets = 0x0A,

    /// <summary>Custom Block that may be copied to a new file.</summary>
    Custom = 0x0BAD,

    /// <summary>Custom Block that must not be copied to a new file.</summary>
    CustomNotCopied = 0x40000BAD,

    /// <summary>Section Header Block; the same bytes in both orders.</summary>
    SectionHeader = 0x0A0D0D0A,
}
