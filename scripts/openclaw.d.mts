export declare const openclawVersion: string
export declare function obtainOpenClaw(): string
