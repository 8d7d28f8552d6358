global using ECapture.Tests.Support;
global using Xunit;
