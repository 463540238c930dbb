/**
 * What every adapter of the store has to do, as suites for vitest: an adapter of one's own registers the one that concerns it,
 * and is as good as ours when it passes, also behind `withChaos`.
 */
export { type ChaosOptions, seededRandom, withChaos } from '../chaos-wrapper.ts';
export { type AdminHarness, adminContract } from '../store/admin-contract.ts';
export { type CacheHarness, cacheContract } from '../store/cache-contract.ts';
export { type DatabaseHarness, databaseContract } from '../store/database-contract.ts';
export { type ChannelHarness, eventChannelContract } from '../store/event-channel-contract.ts';
export { type LockHarness, lockContract } from '../store/lock-contract.ts';
export { type RegistryHarness, registryContract } from '../store/registry-contract.ts';
export { type StoreHarness, sessionStoreContract } from '../store/session-store-contract.ts';
