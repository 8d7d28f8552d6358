import { defineConfig } from 'vite';

// The service serves these files itself, with a policy that allows nothing from elsewhere and nothing inline.
export default defineConfig({
  build: { outDir: process.env.ECAPTURE_WEB_OUT ?? 'dist', emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
});
